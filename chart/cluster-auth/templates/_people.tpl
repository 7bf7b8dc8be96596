{{/*
Everybody in the groups, by ARN in lower case: what `cluster-auth render --to config` makes of the same file.

Called with (dict "values" $values "groups" $groups "people" (dict)); fills "people" with entries.
*/}}
{{- define "cluster-auth.people" -}}
{{- $people := .people }}
{{- range $group, $of := .groups }}
  {{- $account := ($of.authentication).account | default $.values.account }}
  {{- range $kind, $members := dict "user" $of.users "role" $of.roles "permissionSet" $of.permissionSets }}
    {{- range $member := $members }}
      {{- include "cluster-auth.person" (dict "people" $people "group" $group "account" $account "kind" $kind "member" $member) }}
    {{- end }}
  {{- end }}
{{- end }}
{{- include "cluster-auth.usernames" $people }}
{{- range $node := .values.nodes }}
  {{- range $member := $node.roles }}
    {{- $machine := fromJson (include "cluster-auth.principal" (list "role" $.values.account $member "nodes")) }}
    {{- $known := get $people ($machine.arn | lower) | default $machine }}
    {{- if ne $known.where "nodes" }}{{ fail (printf "nodes: %s is a role of machines here and of people elsewhere: give machines a role of their own" $machine.arn) }}{{ end }}
    {{- $_ := set $machine "username" "system:node:{{EC2PrivateDNSName}}" }}
    {{- $_ := set $machine "groups" (list "system:bootstrappers" "system:nodes") }}
    {{- $_ := set $people ($machine.arn | lower) $machine }}
  {{- end }}
{{- end }}
{{- end }}

{{/* One place of a person: they get all of their groups. */}}
{{- define "cluster-auth.person" -}}
{{- $here := fromJson (include "cluster-auth.principal" (list .kind .account .member (printf "group %s" .group))) }}
{{- $key := $here.arn | lower }}
{{- $person := get .people $key | default $here }}
{{- if and $here.written $person.written (ne $here.written $person.written) }}{{ fail (printf "group %s: %s has another username elsewhere" .group $here.arn) }}{{ end }}
{{- if $here.written }}{{ $_ := set $person "username" $here.written }}{{ $_ := set $person "written" $here.written }}{{ end }}
{{- $_ := set $person "groups" (append ($person.groups | default list) .group | uniq | sortAlpha) }}
{{- $_ := set .people $key $person }}
{{- end }}

{{/* No two principals can come to have one username: neither by writing it twice, nor by the name of a session. */}}
{{- define "cluster-auth.usernames" -}}
{{- $usernames := dict }}
{{- $beginnings := dict }}
{{- $lengths := dict }}
{{- range $key, $person := . }}
  {{- $known := include "cluster-auth.known" $person }}
  {{- if and (hasKey $usernames $known) (not (contains "{{AccessKeyID}}" $known)) }}{{ fail (printf "`%s` would be two principals' username: give one of them a `username` of its own" $person.username) }}{{ end }}
  {{- $_ := set $usernames $known true }}
  {{- $parts := splitList "{{" $known }}
  {{- if and (gt (len $parts) 1) (hasPrefix "SessionName" (index $parts 1)) }}
    {{- $_ := set $beginnings (first $parts) $person.username }}
    {{- $_ := set $lengths (first $parts | len | toString) (first $parts | len) }}
  {{- end }}
{{- end }}
{{- range $key, $person := . }}
  {{- $literal := first (splitList "{{" (include "cluster-auth.known" $person)) }}
  {{- range $lengths }}
    {{- if le . (len $literal) }}
      {{- $other := get $beginnings (substr 0 . $literal) }}
      {{- if and $other (ne $other $person.username) }}{{ fail (printf "whoever has the username `%s` could take `%s`: choose prefixes so that no username is the beginning of another" $other $person.username) }}{{ end }}
    {{- end }}
  {{- end }}
{{- end }}
{{- end }}

{{/* A username with what is known of it: the principal's account. */}}
{{- define "cluster-auth.known" -}}
{{- replace "{{AccountID}}" (index (splitList ":" .arn) 4) .username }}
{{- end }}

{{/* kind, arn, username, and the username that was written, of a name, an ARN or a mapping. */}}
{{- define "cluster-auth.principal" -}}
{{- $kind := index . 0 }}
{{- $member := index . 2 }}
{{- $where := index . 3 }}
{{- if not (kindIs "map" $member) }}{{ $member = dict "name" $member }}{{ end }}
{{- if and $member.arn $member.name }}{{ fail (printf "%s: %s: `name` and `arn` say the same thing twice" $where $member.arn) }}{{ end }}
{{- $text := $member.arn | default $member.name | default "" }}
{{- $partition := $member.partition | default "aws" }}
{{- $account := $member.account | default (index . 1) }}
{{- if or $member.arn (hasPrefix "arn:" $text) }}
  {{- if or $member.account $member.partition }}{{ fail (printf "%s: %s names the account and the partition already" $where $text) }}{{ end }}
  {{- if not (regexMatch (printf "^arn:[a-z-]+:iam::[0-9]{12}:%s/." $kind) $text) }}{{ fail (printf "%s: `%s` is not the ARN of a %s" $where $text $kind) }}{{ end }}
  {{- $partition = index (splitList ":" $text) 1 }}
  {{- $account = index (splitList ":" $text) 4 }}
  {{- $text = regexReplaceAll "^[^/]*/" $text "" }}
{{- end }}
{{- if not (has $partition (list "aws" "aws-cn" "aws-us-gov" "aws-iso" "aws-iso-b" "aws-iso-e" "aws-iso-f" "aws-eusc")) }}{{ fail (printf "%s: %s is not an AWS partition" $where $partition) }}{{ end }}
{{- if not $account }}{{ fail (printf "%s: `%s` has no account: set `account` for the file, the group or this principal" $where $text) }}{{ end }}
{{- if not (regexMatch "^[0-9]{12}$" $account) }}{{ fail (printf "%s: %s is not an AWS account: 12 digits in quotes" $where $account) }}{{ end }}
{{- $path := regexReplaceAll "^/+" $text "" }}
{{- $name := last (splitList "/" $path) }}
{{- $most := ternary 32 64 (eq $kind "permissionSet") }}
{{- if not (regexMatch (printf "^[A-Za-z0-9+=,.@_-]{1,%d}$" $most) $name) }}{{ fail (printf "%s: `%s` is not a valid name in IAM" $where $name) }}{{ end }}
{{- if regexMatch "[*?]" $path }}{{ fail (printf "%s: `%s` would be more than one principal" $where $text) }}{{ end }}
{{- if and (eq $kind "permissionSet") (contains "/" $path) }}{{ fail (printf "%s: %s: permission sets have no path" $where $text) }}{{ end }}
{{- $written := $member.username | default "" }}
{{- if and (hasKey $member "username") (kindIs "string" $member.username) (not $written) }}{{ fail (printf "%s: %s: a username cannot be empty" $where $text) }}{{ end }}
{{- include "cluster-auth.username" (list $kind $written $where) }}
{{- $username := $written | default (ternary $name (printf "%s:{{SessionName}}" $name) (eq $kind "user")) }}
{{- $resource := ternary $path $name (eq $kind "user") }}
{{- toJson (dict "kind" $kind "arn" (printf "arn:%s:iam::%s:%s/%s" $partition $account $kind $resource) "username" $username "written" $written "where" $where) }}
{{- end }}

{{/* A literal, or a template with a colon before the session's name, which the caller chooses and which has none. */}}
{{- define "cluster-auth.username" -}}
{{- $written := index . 1 }}
{{- $where := index . 2 }}
{{- if hasPrefix "system:" $written }}{{ fail (printf "%s: `%s` is one of Kubernetes' own usernames: choose another; machines belong under `nodes`" $where $written) }}{{ end }}
{{- if contains "{{" $written }}
{{- $left := regexReplaceAll "[{][{](AccountID|SessionName|SessionNameRaw|AccessKeyID)[}][}]" $written "" }}
{{- if contains "{{" $left }}{{ fail (printf "%s: `%s` has a variable that is not known" $where $written) }}{{ end }}
{{- if and (contains "{{SessionName" $written) (not (contains ":" (first (splitList "{{SessionName" $written)))) }}{{ fail (printf "%s: `%s`: {{SessionName}} needs a colon before it, as EKS has it too: whoever assumes the role chooses the session's name, and could take somebody else's username" $where $written) }}{{ end }}
{{- else if and (ne (index . 0) "user") (contains "}}" $written) }}{{ fail (printf "%s: `%s` has `}}` without `{{`" $where $written) }}
{{- end }}
{{- end }}
