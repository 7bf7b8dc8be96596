{{/*
The roles and bindings of the groups: what `cluster-auth render --to rbac` makes of the same file, object by object.

Called with (dict "groups" $groups "made" (dict)); fills "made" with objects, by kind, namespace and name.
*/}}
{{- define "cluster-auth.rbac" -}}
{{- $made := .made }}
{{- range $group, $of := .groups }}
  {{- if hasKey $of "authorization" }}
    {{- $written := dict }}
    {{- range $grant := $of.authorization }}
      {{- $namespaces := $grant.namespaces | default (list ($grant.namespace | default "")) }}
      {{- range $namespace := uniq $namespaces }}
        {{- if $grant.rules }}
          {{- $rules := get $written $namespace | default list }}
          {{- range $rule := $grant.rules }}
            {{- $plain := fromJson (include "cluster-auth.rule" $rule) }}
            {{- if not (has $plain $rules) }}{{ $rules = append $rules $plain }}{{ end }}
          {{- end }}
          {{- $_ := set $written $namespace $rules }}
        {{- else }}
          {{- $role := $grant.clusterRole | default $grant.role }}
          {{- include "cluster-auth.bind" (dict "made" $made "group" $group "namespace" $namespace "name" (printf "cluster-auth:%s:%s" $group $role) "kind" (ternary "ClusterRole" "Role" (not (not $grant.clusterRole))) "role" $role) }}
        {{- end }}
      {{- end }}
    {{- end }}
    {{- range $namespace, $rules := $written }}
      {{- $role := ternary $group (printf "cluster-auth:%s" $group) (ne $namespace "") }}
      {{- $binding := ternary (printf "%s-binding" $group) $role (ne $namespace "") }}
      {{- $kind := ternary "Role" "ClusterRole" (ne $namespace "") }}
      {{- if and (eq $namespace "kube-system") (eq $role "extension-apiserver-authentication-reader") }}{{ fail (printf "group %s: this is Kubernetes' own role in kube-system" $group) }}{{ end }}
      {{- $object := dict "apiVersion" "rbac.authorization.k8s.io/v1" "kind" $kind "metadata" (dict "name" $role) "rules" $rules }}
      {{- include "cluster-auth.make" (dict "made" $made "namespace" $namespace "object" $object) }}
      {{- include "cluster-auth.bind" (dict "made" $made "group" $group "namespace" $namespace "name" $binding "kind" $kind "role" $role) }}
    {{- end }}
  {{- else if ne $group "system:masters" }}
    {{- include "cluster-auth.bind" (dict "made" $made "group" $group "namespace" "" "name" (printf "%s-binding" $group) "kind" "ClusterRole" "role" $group) }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A rule with nothing but what it says. */}}
{{- define "cluster-auth.rule" -}}
{{- $plain := dict }}
{{- range $key := list "verbs" "apiGroups" "resources" "resourceNames" "nonResourceURLs" }}
{{- if get $ $key }}{{ $_ := set $plain $key (get $ $key) }}{{ end }}
{{- end }}
{{- toJson $plain }}
{{- end }}

{{- define "cluster-auth.bind" -}}
{{- $api := "rbac.authorization.k8s.io" }}
{{- $object := dict
      "apiVersion" (printf "%s/v1" $api)
      "kind" (ternary "RoleBinding" "ClusterRoleBinding" (ne .namespace ""))
      "metadata" (dict "name" .name)
      "roleRef" (dict "apiGroup" $api "kind" .kind "name" .role)
      "subjects" (list (dict "apiGroup" $api "kind" "Group" "name" .group)) }}
{{- include "cluster-auth.make" (dict "made" .made "namespace" .namespace "object" $object) }}
{{- end }}

{{/* One object more; the same twice is one, and two of one name are none. */}}
{{- define "cluster-auth.make" -}}
{{- if .namespace }}{{ $_ := set .object.metadata "namespace" .namespace }}{{ end }}
{{- $key := printf "%s %s %s" .object.kind .namespace .object.metadata.name }}
{{- if and (hasKey .made $key) (ne (toJson (get .made $key)) (toJson .object)) }}{{ fail (printf "two grants would make the %s `%s`: merge them, or name one role only" .object.kind .object.metadata.name) }}{{ end }}
{{- $_ := set .made $key .object }}
{{- end }}
