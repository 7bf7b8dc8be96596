{{/*
The access file, read: groups of one name as one, and everything checked that decides what Helm makes. What `cluster-auth
check` finds beyond that, the server says, and keeps its last good version.

Called with (dict "root" $ "file" (dict)); fills "groups", by name.
*/}}
{{- define "cluster-auth.read" -}}
{{- $values := .root.Values }}
{{- $file := .file }}
{{- if not $values.clusterID }}{{ fail "clusterID: is missing: what every token is bound to" }}{{ end }}
{{- $groups := dict }}
{{- range $group := $values.groups }}
  {{- $name := $group.name }}
  {{- include "cluster-auth.readGroupName" $group }}
  {{- $whole := get $groups $name | default dict }}
  {{- range $key, $value := $group }}
    {{- if or (eq $key "name") (hasPrefix "x-" $key) }}
    {{- else if eq $key "accept" }}{{ $_ := set $whole $key (merge ($value | default dict) (get $whole $key | default dict)) }}
    {{- else if and (kindIs "invalid" $value) (ne $key "authorization") }}
    {{- else if hasKey $whole $key }}{{ fail (printf "group %s: %s is set twice; each key of a group comes from one place" $name $key) }}
    {{- else }}{{ $_ := set $whole $key $value }}
    {{- end }}
  {{- end }}
  {{- $_ := set $groups $name $whole }}
{{- end }}
{{- range $name, $group := $groups }}{{ include "cluster-auth.readGroup" (dict "values" $values "name" $name "group" $group) }}{{ end }}
{{- range $node := $values.nodes }}
  {{- if not $node.roles }}{{ if not (kindIs "slice" $node.roles) }}{{ fail "nodes: an entry has no roles" }}{{ end }}{{ end }}
  {{- include "cluster-auth.readEnds" (dict "values" $values "where" "nodes" "list" $node.roles) }}
{{- end }}
{{- $_ := set $file "groups" $groups }}
{{- end }}

{{- define "cluster-auth.readGroupName" -}}
{{- $name := .name }}
{{- if and (hasPrefix "system:" $name) (ne $name "system:masters") }}{{ fail (printf "group %s: is Kubernetes' own group; choose another name" $name) }}{{ end }}
{{- if contains "{{" $name }}{{ fail (printf "group %s: groups have no variables: the caller would choose the group" $name) }}{{ end }}
{{- include "cluster-auth.objectName" (list (printf "group %s" $name) $name) }}
{{- end }}

{{/* The name of an RBAC object. */}}
{{- define "cluster-auth.objectName" -}}
{{- $name := index . 1 }}
{{- if or (not $name) (has $name (list "." "..")) (regexMatch "[/%\\s\\p{Z}\\p{Cc}]" $name) }}{{ fail (printf "%s: `%s` is not a valid name of a Kubernetes object" (index . 0) $name) }}{{ end }}
{{- end }}

{{- define "cluster-auth.readGroup" -}}
{{- $values := .values }}
{{- $where := printf "group %s" .name }}
{{- $group := .group }}
{{- if $group.iamGroups }}
{{- fail (printf "%s: iamGroups: Helm cannot ask IAM who is in a group: `cluster-auth render --to access --aws access.yaml` writes the file with their users" $where) }}
{{- end }}
{{- if ($group.authentication).role }}
{{- fail (printf "%s: authentication.role: name the role under the group's `roles:`, and whoever may assume it is in the group" $where) }}
{{- end }}
{{- if and $group.permissionSets (eq $values.authenticator.reads "config.yaml") }}
{{- fail (printf "%s: permissionSets: aws-iam-authenticator knows their roles only: `cluster-auth render --to access --aws access.yaml` writes the file with them" $where) }}
{{- end }}
{{- if $group.expires }}{{ include "cluster-auth.refuseEnd" (dict "values" $values "where" $where) }}{{ end }}
{{- range $list := list $group.users $group.roles $group.permissionSets }}
{{- include "cluster-auth.readEnds" (dict "values" $values "where" $where "list" $list) }}
{{- end }}
{{- if hasKey $group "authorization" }}
{{- if not $group.authorization }}
{{- fail (printf "%s: authorization is empty: remove the key to bind the ClusterRole of the group's name, as in 2018, or write a grant" $where) }}
{{- end }}
{{- range $grant := $group.authorization }}{{ include "cluster-auth.readGrant" (dict "values" $values "where" $where "grant" $grant) }}{{ end }}
{{- end }}
{{- if eq .name "system:masters" }}
{{- if or (hasKey $group "authorization") (not (hasKey ($group.accept | default dict) "access.system-name")) }}
{{- fail "group system:masters: has every permission, and removing bindings has no effect: take a group of your own bound to cluster-admin, or accept access.system-name with a reason and without `authorization`" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cluster-auth.readEnds" -}}
{{- $ := . }}
{{- range $member := .list }}
{{- if kindIs "map" $member }}{{ if $member.expires }}{{ include "cluster-auth.refuseEnd" $ }}{{ end }}{{ end }}
{{- end }}
{{- end }}

{{- define "cluster-auth.refuseEnd" -}}
{{- if .values.rbac.create }}
{{- fail (printf "%s: expires: what Helm makes does not end: `cluster-auth render --to access --expiry at-next-apply access.yaml` writes the file without ends; or set rbac.create to false and make the roles and bindings by `cluster-auth apply`" .where) }}
{{- else if eq .values.authenticator.reads "config.yaml" }}
{{- fail (printf "%s: expires: aws-iam-authenticator knows no end: `cluster-auth render --to access --expiry at-next-apply access.yaml` writes the file without ends" .where) }}
{{- end }}
{{- end }}

{{- define "cluster-auth.readGrant" -}}
{{- $where := .where }}
{{- $grant := .grant }}
{{- $scopes := list }}
{{- range $key := list "namespace" "namespaces" "namespaceSelector" }}
{{- if hasKey $grant $key }}
{{- if not (get $grant $key) }}{{ fail (printf "%s: %s is empty: remove the key for the whole cluster, or name a namespace" $where $key) }}{{ end }}
{{- $scopes = append $scopes $key }}
{{- end }}
{{- end }}
{{- if gt (len $scopes) 1 }}{{ fail (printf "%s: %s and %s both say where a grant holds" $where (index $scopes 0) (index $scopes 1)) }}{{ end }}
{{- if and $grant.namespaceSelector .values.rbac.create }}
{{- fail (printf "%s: namespaceSelector: Helm does not know the cluster's namespaces: `cluster-auth render --to access --live access.yaml` writes the file with their names" $where) }}
{{- end }}
{{- if $grant.namespace }}{{ include "cluster-auth.namespace" (list $where $grant.namespace) }}{{ end }}
{{- range $namespace := $grant.namespaces }}
{{- if contains "*" $namespace }}
{{- if $.values.rbac.create }}{{ fail (printf "%s: namespaces: Helm does not know the cluster's namespaces, and `%s` may be any: `cluster-auth render --to access --live access.yaml` writes the file with their names" $where $namespace) }}{{ end }}
{{- else }}{{ include "cluster-auth.namespace" (list $where $namespace) }}
{{- end }}
{{- end }}
{{- $rights := list }}
{{- range $key := list "rules" "clusterRole" "role" }}
{{- if not (kindIs "invalid" (get $grant $key)) }}{{ if hasKey $grant $key }}{{ $rights = append $rights $key }}{{ end }}{{ end }}
{{- end }}
{{- if ne (len $rights) 1 }}{{ fail (printf "%s: a grant needs exactly one of rules, clusterRole and role" $where) }}{{ end }}
{{- $right := index $rights 0 }}
{{- if eq $right "rules" }}
{{- if not $grant.rules }}{{ fail (printf "%s: rules is empty" $where) }}{{ end }}
{{- range $rule := $grant.rules }}{{ include "cluster-auth.readRule" (dict "where" $where "rule" $rule "scopes" $scopes) }}{{ end }}
{{- else }}
{{- include "cluster-auth.objectName" (list (printf "%s: %s" $where $right) (get $grant $right)) }}
{{- end }}
{{- if and (eq $right "role") (not $scopes) }}{{ fail (printf "%s: role: a Role belongs to a namespace, and this grant names none: name its namespace, or use clusterRole" $where) }}{{ end }}
{{- end }}

{{- define "cluster-auth.namespace" -}}
{{- $name := index . 1 }}
{{- if not (regexMatch "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$" $name) }}{{ fail (printf "%s: `%s` is not a valid name of a namespace" (index . 0) $name) }}{{ end }}
{{- end }}

{{/* As the API server checks rules. */}}
{{- define "cluster-auth.readRule" -}}
{{- $rule := .rule }}
{{- if not $rule.verbs }}{{ fail (printf "%s: a rule without verbs" .where) }}{{ end }}
{{- if $rule.nonResourceURLs }}
{{- if or $rule.apiGroups $rule.resources $rule.resourceNames }}{{ fail (printf "%s: a rule is about resources or about URLs, not both" .where) }}{{ end }}
{{- if .scopes }}{{ fail (printf "%s: URLs are not namespaced: grant them cluster-wide" .where) }}{{ end }}
{{- else if not $rule.resources }}{{ fail (printf "%s: a rule without resources" .where) }}
{{- else if not $rule.apiGroups }}{{ fail (printf "%s: a rule without apiGroups; the core group is \"\"" .where) }}
{{- end }}
{{- end }}
