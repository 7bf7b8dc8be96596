# The access file turned around: each user with their groups, as `cluster-auth render --to terraform` has them. No provider
# is needed, so that this can be run and tested anywhere. What the whole file must hold, `cluster-auth check` says; here
# stands what would make the wrong users.

locals {
  # The key of users without groups. No group of an access file can have it: their names have no blanks.
  all_users = "all users"

  file_groups = try([for group in var.access.groups : group], [])

  # Each entry with what holds where it says nothing. `file` is false for those of `users`.
  entries = concat(
    flatten([
      for group in local.file_groups : [
        for entry in try([for entry in group.users : entry], []) : {
          entry     = entry
          file      = true
          groups    = [try(tostring(group.name), "")]
          account   = try(coalesce(try(tostring(group.authentication.account), null), try(tostring(var.access.account), null)), "")
          partition = "aws"
        }
      ]
    ]),
    [
      for entry in var.users : {
        entry     = entry
        file      = false
        groups    = try([for group in entry.groups : tostring(group)], [local.all_users])
        account   = var.account_id
        partition = var.partition
      }
    ],
  )

  written = [
    for item in local.entries : {
      item = item
      text = try(coalesce(try(tostring(item.entry.arn), null), try(tostring(item.entry.name), null), try(tostring(item.entry), null)), "")
      # How the entry is shown to people.
      shown = jsonencode(item.entry)
    }
  ]

  parts = [
    for it in local.written : merge(it, {
      # Partition, account, and the name with its path.
      arn = try(regex("^arn:([a-z-]+):iam::([0-9]{12}):user/+(.+)$", it.text), null)
    })
  ]

  parsed = [
    for it in local.parts : {
      shown     = it.shown
      groups    = it.item.groups
      entry     = it.item.entry
      file      = it.item.file
      is_text   = can(regex("^[\"{]", it.shown))
      resource  = it.arn == null ? replace(it.text, "/^[/]+/", "") : it.arn[2]
      account   = it.arn == null ? try(coalesce(try(tostring(it.item.entry.account), null), it.item.account), "") : it.arn[1]
      partition = it.arn == null ? try(coalesce(try(tostring(it.item.entry.partition), null), it.item.partition), "") : it.arn[0]
    }
  ]

  people = [
    for it in local.parsed : merge(it, {
      name = reverse(split("/", it.resource))[0]
      path = can(regex("/", it.resource)) ? "/${replace(it.resource, "/[^/]*$/", "")}" : "/"
      arn  = "arn:${it.partition}:iam::${it.account}:user/${it.resource}"
    })
  ]

  here = [for person in local.people : person if person.account == var.account_id && person.partition == var.partition]

  by_name = { for person in local.here : person.name => person... }

  users = {
    for name, entries in local.by_name : name => {
      path   = entries[0].path
      arn    = entries[0].arn
      groups = sort(distinct(flatten(entries[*].groups)))
    }
  }

  groups = {
    for key in distinct(flatten([for user in local.users : user.groups])) : key => {
      # A group of Kubernetes may have a colon in its name, one of IAM may not.
      name  = key == local.all_users ? var.name : "${var.name}-${replace(key, "/[^A-Za-z0-9+=,.@_-]/", "-")}"
      users = sort([for name, user in local.users : name if contains(user.groups, key)])
    }
  }

  elsewhere = sort(distinct([
    for person in local.people : person.arn if !(person.account == var.account_id && person.partition == var.partition)
  ]))

  group_names = [for group in local.groups : lower(group.name)]

  render = "`cluster-auth render --to terraform`"

  problems = concat(
    var.access != null && length(var.users) > 0 ? ["Give the access file or users, not both."] : [],
    var.access != null && !can([for group in var.access.groups : group.name]) ? [
      "The access file has no list `groups` whose entries have names; `cluster-auth check` says more."
    ] : [],
    [
      for group in local.file_groups : "The users of group ${try(group.name, "?")} are not a list; `cluster-auth check` says more."
      if try(group.users, null) != null && !can([for user in group.users : user])
    ],
    [
      for group in local.file_groups : "Group ${try(group.name, "?")} has an end, which Terraform does not watch: ${local.render} with `--expiry at-next-apply` gives those who are in it now."
      if try(group.expires, null) != null
    ],
    [
      for person in local.people : "${person.shown} has an end, which Terraform does not watch: ${local.render} with `--expiry at-next-apply` gives those who are in it now."
      if try(person.entry.expires, null) != null
    ],
    [for person in local.people : "${person.shown} is not a text: put it in quotes." if !person.is_text],
    [
      for person in local.people : "${person.shown} is not the name of an IAM user: 1 to 64 letters, digits and +=,.@_- after the path, or a user's ARN."
      if person.is_text && !can(regex("^([!-.0-~]+/)*[A-Za-z0-9+=,.@_-]{1,64}$", person.resource)) || can(regex("[*?]", person.resource)) || startswith(person.resource, "arn:")
    ],
    [
      for person in local.people : "${person.shown} has no account of 12 digits: set `account` in quotes, in the file, the group or here."
      if !can(regex("^[0-9]{12}$", person.account))
    ],
    [
      for person in local.people : "${person.shown}: unknown key ${join(", ", setsubtract(keys(person.entry), ["name", "arn", "account", "partition", "groups"]))}."
      if !person.file && can(keys(person.entry)) && length(try(setsubtract(keys(person.entry), ["name", "arn", "account", "partition", "groups"]), [])) > 0
    ],
    [
      for name, entries in local.by_name : "${name} stands under several paths: ${join(", ", distinct(entries[*].arn))}. A name is one user in an account."
      if length(distinct(entries[*].arn)) > 1
    ],
    [
      for name in distinct([for name in keys(local.users) : lower(name)]) : "${name} is written in upper and in lower case. It is one user to IAM."
      if length([for other in keys(local.users) : other if lower(other) == name]) > 1
    ],
    [
      for name in distinct(local.group_names) : "Two groups would both be called ${name} in IAM: rename one."
      if length([for other in local.group_names : other if other == name]) > 1
    ],
    [
      for group in local.groups : "${group.name} is longer than the 64 characters of a role's name: shorten `name` or the group's name."
      if length(group.name) > 64
    ],
  )
}
