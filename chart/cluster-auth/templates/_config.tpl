{{/*
The mapping of the groups for aws-iam-authenticator: what `cluster-auth render --to config` makes of the same file.

Called with (dict "values" $values "groups" $groups "people" (dict)); fills "people" with entries, by ARN in lower case.
*/}}
{{- define "cluster-auth.people" -}}
{{- $people := .people }}
{{- $account := .values.account }}
{{- range $group, $of := .groups }}
  {{- $account := ($of.authentication).account | default $account }}
  {{- range $member := $of.users }}
    {{- include "cluster-auth.person" (dict "people" $people "group" $group "account" $account "kind" "user" "member" $member) }}
  {{- end }}
  {{- range $member := $of.roles }}
    {{- include "cluster-auth.person" (dict "people" $people "group" $group "account" $account "kind" "role" "member" $member) }}
  {{- end }}
{{- end }}
{{- $usernames := dict }}
{{- range $key, $person := $people }}
  {{- if hasKey $usernames $person.username }}{{ fail (printf "`%s` would be two principals' username: give one of them a `username` of its own" $person.username) }}{{ end }}
  {{- $_ := set $usernames $person.username true }}
{{- end }}
{{- range $node := .values.nodes }}
  {{- range $member := $node.roles }}
    {{- $machine := fromJson (include "cluster-auth.principal" (list "role" $account $member "nodes")) }}
    {{- if hasKey $people ($machine.arn | lower) }}{{ fail (printf "nodes: %s is a role of machines here and of people elsewhere: give machines a role of their own" $machine.arn) }}{{ end }}
    {{- $_ := set $machine "username" "system:node:{{EC2PrivateDNSName}}" }}
    {{- $_ := set $machine "groups" (list "system:bootstrappers" "system:nodes") }}
    {{- $_ := set $people ($machine.arn | lower) $machine }}
  {{- end }}
{{- end }}
{{- end }}

{{/* One place of a person: they get all of their groups. */}}
{{- define "cluster-auth.person" -}}
{{- $here := fromJson (include "cluster-auth.principal" (list .kind .account .member .group)) }}
{{- $key := $here.arn | lower }}
{{- $person := get .people $key | default $here }}
{{- if and $here.written $person.written (ne $here.written $person.written) }}{{ fail (printf "group %s: %s has another username elsewhere" .group $here.arn) }}{{ end }}
{{- if $here.written }}{{ $_ := set $person "username" $here.written }}{{ $_ := set $person "written" $here.written }}{{ end }}
{{- $_ := set $person "groups" (append ($person.groups | default list) .group | uniq | sortAlpha) }}
{{- $_ := set .people $key $person }}
{{- end }}

{{/* kind, arn, username, and the username that was written, of a name, an ARN or a mapping. */}}
{{- define "cluster-auth.principal" -}}
{{- $kind := index . 0 }}
{{- $member := index . 2 }}
{{- $where := index . 3 }}
{{- if not (kindIs "map" $member) }}{{ $member = dict "name" $member }}{{ end }}
{{- $text := $member.arn | default $member.name | default "" }}
{{- $partition := $member.partition | default "aws" }}
{{- $account := $member.account | default (index . 1) }}
{{- if hasPrefix "arn:" $text }}
  {{- if not (regexMatch (printf "^arn:aws[a-z-]*:iam::[0-9]{12}:%s/." $kind) $text) }}{{ fail (printf "%s: %s is not the ARN of a %s" $where $text $kind) }}{{ end }}
  {{- $partition = index (splitList ":" $text) 1 }}
  {{- $account = index (splitList ":" $text) 4 }}
  {{- $text = regexReplaceAll "^[^/]*/" $text "" }}
{{- end }}
{{- if not $account }}{{ fail (printf "%s: `%s` has no account: set `account` for the file, the group or this principal" $where $text) }}{{ end }}
{{- if not (regexMatch "^[0-9]{12}$" $account) }}{{ fail (printf "%s: %s is no AWS account: 12 digits in quotes" $where $account) }}{{ end }}
{{- $path := trimPrefix "/" $text }}
{{- $name := last (splitList "/" $path) }}
{{- if not (regexMatch "^[A-Za-z0-9+=,.@_-]{1,64}$" $name) }}{{ fail (printf "%s: `%s` is no name in IAM" $where $name) }}{{ end }}
{{- $written := $member.username | default "" }}
{{- if hasPrefix "system:" $written }}{{ fail (printf "%s: `%s` is one of Kubernetes' own usernames; machines belong under `nodes`" $where $written) }}{{ end }}
{{- if and (contains "{{" $written) (not (regexMatch "^[^{]*:[{][{]" $written)) }}{{ fail (printf "%s: `%s`: whoever assumes the role could choose the whole username: begin with a literal text that ends in a colon" $where $written) }}{{ end }}
{{- $username := $written | default (ternary $name (printf "%s:{{SessionName}}" $name) (eq $kind "user")) }}
{{- $resource := ternary $path $name (eq $kind "user") }}
{{- toJson (dict "kind" $kind "arn" (printf "arn:%s:iam::%s:%s/%s" $partition $account $kind $resource) "username" $username "written" $written) }}
{{- end }}
