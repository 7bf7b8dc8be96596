{{- define "chart.fullname" -}}{{ .Release.Name }}{{- end -}}
