{{/* Names, labels, and what follows from the chart's own settings. */}}

{{/* The image that this chart is for. */}}
{{- define "cluster-auth.ownImage" -}}cluster-auth/cluster-auth{{- end }}

{{/* Whether the values still name the image of the 2018 guide, which is no longer to be had. */}}
{{- define "cluster-auth.isFrom2018" -}}
{{- if regexMatch "(^|/)heptio-images/authenticator$|(^|/)heptio-authenticator-aws$" (.Values.authenticator.image | default "") }}true{{ end }}
{{- end }}

{{/* IMAGE:TAG or IMAGE@DIGEST of the server. */}}
{{- define "cluster-auth.image" -}}
{{- $settings := .Values.authenticator }}
{{- if or (not $settings.image) (include "cluster-auth.isFrom2018" .) }}
{{- $tag := $settings.tag }}
{{- if include "cluster-auth.isFrom2018" . }}{{ $tag = "" }}{{ end }}
{{- include "cluster-auth.withTag" (list (include "cluster-auth.ownImage" .) ($tag | default .Chart.AppVersion)) }}
{{- else }}
{{- include "cluster-auth.withTag" (list $settings.image (required "authenticator.tag: an image of your own needs its tag" $settings.tag)) }}
{{- end }}
{{- end }}

{{- define "cluster-auth.withTag" -}}
{{- $tag := index . 1 }}
{{- index . 0 }}{{ if hasPrefix "@" $tag }}{{ $tag }}{{ else }}:{{ $tag }}{{ end }}
{{- end }}

{{/* Ours, whichever image serves: the one that can make the files and give them to the server's user. */}}
{{- define "cluster-auth.initImage" -}}
{{- if eq .Values.authenticator.reads "access.yaml" }}{{ include "cluster-auth.image" . }}
{{- else }}{{ include "cluster-auth.withTag" (list (include "cluster-auth.ownImage" .) .Chart.AppVersion) }}{{ end }}
{{- end }}

{{- define "cluster-auth.stateDir" -}}
{{- $default := ternary "/srv/kubernetes/heptio-authenticator-aws" "/srv/kubernetes/kube-apiserver/cluster-auth" (not (not (include "cluster-auth.isFrom2018" .))) }}
{{- .Values.authenticator.stateDir | default $default }}
{{- end }}

{{/*
What API servers trust is in the folder that the servers of before use. A value that is taken away must not move them to
another one, where new files would be made that no API server trusts.
*/}}
{{- define "cluster-auth.keepsState" -}}
{{- if not .Values.authenticator.stateDir }}
{{- $new := include "cluster-auth.stateDir" . }}
{{- range $set := concat (list (lookup "apps/v1" "DaemonSet" .Release.Namespace (include "cluster-auth.fullname" .))) ((lookup "apps/v1" "DaemonSet" "kube-system" "").items | default list) }}
{{- $isOurs := eq (dig "metadata" "name" "" $set) (include "cluster-auth.fullname" $) }}
{{- $isFrom2018 := eq (dig "spec" "selector" "matchLabels" "app" "" $set) "heptio-authenticator-aws" }}
{{- if or $isOurs $isFrom2018 }}
{{- range $volume := dig "spec" "template" "spec" "volumes" list $set }}
{{- $old := dig "hostPath" "path" "" $volume | trimSuffix "/" }}
{{- if and (eq $volume.name "state") $old (ne $old $new) }}
{{- fail (printf "authenticator.stateDir: the servers so far have their files, which API servers trust, in %s: set it to that folder" $old) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cluster-auth.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The beginning of every name, as Helm's own charts make it. */}}
{{- define "cluster-auth.fullname" -}}
{{- $name := include "cluster-auth.name" . }}
{{- $made := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- .Values.fullnameOverride | default $made | trunc 45 | trimSuffix "-" }}
{{- end }}

{{- define "cluster-auth.configMap" -}}
{{- $default := "cluster-auth-access" }}
{{- if and .Values.access.create (not .Values.authenticator.enabled) }}{{ $default = "aws-iam-authenticator" }}
{{- else if .Values.access.create }}{{ $default = printf "%s-access" (include "cluster-auth.fullname" .) }}
{{- end }}
{{- .Values.access.configMap | default $default }}
{{- end }}

{{- define "cluster-auth.selector" -}}
app.kubernetes.io/name: {{ include "cluster-auth.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cluster-auth.labels" -}}
{{ include "cluster-auth.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{/* What the settings say that cannot work. */}}
{{- define "cluster-auth.check" -}}
{{- range $key := list "authenticator" "access" "rbac" "serviceMonitor" "prometheusRule" }}
{{- if not (kindIs "map" (index $.Values $key)) }}{{ fail (printf "%s: is there and has no value: remove the key" $key) }}{{ end }}
{{- end }}
{{- $settings := .Values.authenticator }}
{{- if and (eq $settings.reads "access.yaml") (contains "aws-iam-authenticator" ($settings.image | default "")) }}
{{- fail "authenticator.reads: aws-iam-authenticator knows no access file: set it to config.yaml" }}
{{- end }}
{{- if ne $settings.reads "access.yaml" }}
{{- range $key := list "denyWith200" "shadowOf" "shadowOfCa" }}
{{- if index $settings $key }}{{ fail (printf "authenticator.%s: aws-iam-authenticator does not have it" $key) }}{{ end }}
{{- end }}
{{- end }}
{{- if and $settings.shadowOfCa (not $settings.shadowOf) }}
{{- fail "authenticator.shadowOfCa: vouches for the authenticator of authenticator.shadowOf, which is empty" }}
{{- end }}
{{- if and $settings.shadowOfCa (not (isAbs $settings.shadowOfCa)) }}
{{- fail "authenticator.shadowOfCa: is a file of every control plane node: write its whole path, as /var/aws-iam-authenticator/cert.pem" }}
{{- end }}
{{- if and $settings.shadowOf (not (hasPrefix "https://" $settings.shadowOf)) }}
{{- fail "authenticator.shadowOf: tokens go there: it has to be an https:// URL, as https://localhost:21400/authenticate" }}
{{- end }}
{{- if and $settings.shadowOf (or $settings.denyWith200 ($settings.config).denyWith200) }}
{{- fail "authenticator.denyWith200: says how own denials are answered, and with authenticator.shadowOf there are none: leave one of the two out" }}
{{- end }}
{{- include "cluster-auth.checkSources" . }}
{{- if not .Values.access.create }}
{{- if ne .Release.Namespace "kube-system" }}{{ fail "access.create: `cluster-auth apply` keeps the access file in kube-system: install the chart there" }}{{ end }}
{{- if ne $settings.reads "access.yaml" }}{{ fail "access.create: only cluster-auth reads what `cluster-auth apply --mapping access-file` writes" }}{{ end }}
{{- if $settings.config }}{{ fail "authenticator.config: has no place where access.create is false" }}{{ end }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (eq $settings.address "127.0.0.1") }}
{{- fail "serviceMonitor.enabled: Prometheus cannot reach a server that listens on 127.0.0.1: set authenticator.address to 0.0.0.0" }}
{{- end }}
{{- if and .Values.prometheusRule.enabled (ne $settings.reads "access.yaml") }}
{{- fail "prometheusRule.enabled: the alerts are about metrics that aws-iam-authenticator does not have" }}
{{- end }}
{{- end }}

{{/* Where the server finds logins besides the access file, as far as it cannot work. */}}
{{- define "cluster-auth.checkSources" -}}
{{- $settings := .Values.authenticator }}
{{- range $mode := $settings.backendMode }}
{{- if not (has $mode (list "MountedFile" "EKSConfigMap" "CRD" "DynamicFile")) }}{{ fail (printf "authenticator.backendMode: %s is not one of MountedFile, EKSConfigMap, CRD, DynamicFile" $mode) }}{{ end }}
{{- end }}
{{- $isAsked := has "DynamicFile" $settings.backendMode }}
{{- if and $isAsked (not $settings.dynamicFile) }}
{{- fail "authenticator.dynamicFile: says where DynamicFile of authenticator.backendMode finds its file, and is empty" }}
{{- end }}
{{- if and $settings.dynamicFile (not $isAsked) (or (not $settings.backendModeFile) (ne $settings.reads "access.yaml")) }}
{{- fail "authenticator.dynamicFile: nobody reads it: add DynamicFile to authenticator.backendMode" }}
{{- end }}
{{- range $key := list "dynamicFile" "backendModeFile" }}
{{- $file := index $settings $key }}
{{- if and $file (not $settings.filesFrom) (not (isAbs $file)) }}{{ fail (printf "authenticator.%s: is a file of every control plane node: write its whole path, or name the ConfigMap in authenticator.filesFrom of which it is a key" $key) }}{{ end }}
{{- if and $file $settings.filesFrom (contains "/" $file) }}{{ fail (printf "authenticator.%s: is a key of the ConfigMap %s, and a key has no slash" $key $settings.filesFrom) }}{{ end }}
{{- if and $file (not $.Values.access.create) }}{{ fail (printf "authenticator.%s: stands in the server's configuration, which has no place where access.create is false" $key) }}{{ end }}
{{- end }}
{{- if and $settings.filesFrom (not $settings.dynamicFile) (not $settings.backendModeFile) }}
{{- fail "authenticator.filesFrom: has the files of authenticator.dynamicFile and authenticator.backendModeFile, and both are empty" }}
{{- end }}
{{- range $key, $value := $settings.config }}
{{- range $own := list (list "dynamicfilepath" "dynamicFile") (list "dynamicBackendModePath" "backendModeFile") (list "backendMode" "backendMode") }}
{{- if eq (lower $key) (lower (first $own)) }}{{ fail (printf "authenticator.config: %s comes from authenticator.%s" $key (last $own)) }}{{ end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Whether a source may be asked: a file that names the sources may name any. */}}
{{- define "cluster-auth.mayAsk" -}}
{{- $settings := (index . 0).Values.authenticator }}
{{- if or $settings.backendModeFile (has (index . 1) $settings.backendMode) }}true{{ end }}
{{- end }}

{{/* A file that the server follows, by its value: where the server sees it. */}}
{{- define "cluster-auth.followed" -}}
{{- printf "/var/%s/%s" (kebabcase (index . 1)) (base (index (index . 0).Values.authenticator (index . 1))) }}
{{- end }}

{{/* Its volume: a whole folder, since of one file that is mounted the next version would not be seen. */}}
{{- define "cluster-auth.followedVolume" -}}
{{- $settings := (index . 0).Values.authenticator }}
- name: {{ kebabcase (index . 1) }}
  {{- if $settings.filesFrom }}
  configMap:
    name: {{ $settings.filesFrom | quote }}
    # Without it the server lets in whom its other sources name.
    optional: true
  {{- else }}
  hostPath:
    path: {{ dir (index $settings (index . 1)) | quote }}
    type: DirectoryOrCreate
  {{- end }}
{{- end }}
