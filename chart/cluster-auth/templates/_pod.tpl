{{/* What every pod on a control plane node has, under today's labels and taints and those of before Kubernetes 1.24. */}}
{{- define "cluster-auth.onControlPlane" -}}
affinity:
  nodeAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      nodeSelectorTerms:
      - matchExpressions:
        - {key: node-role.kubernetes.io/control-plane, operator: Exists}
      - matchExpressions:
        - {key: node-role.kubernetes.io/master, operator: Exists}
tolerations:
  {{- toYaml .Values.authenticator.tolerations | nindent 2 }}
priorityClassName: {{ .Values.authenticator.priorityClassName | quote }}
hostNetwork: true
# The machine's own resolver: STS must be found before the cluster's DNS runs.
dnsPolicy: Default
{{- with .Values.authenticator.pullSecrets }}
imagePullSecrets:
{{- range $name := . }}
- name: {{ $name | quote }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether the server asks the API server for anything. */}}
{{- define "cluster-auth.asksCluster" -}}
{{- if or (include "cluster-auth.mayAsk" (list . "EKSConfigMap")) (include "cluster-auth.mayAsk" (list . "CRD")) }}true{{ end }}
{{- end }}
