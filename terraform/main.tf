# IAM for the people of an access file: groups, memberships, and a role per group that is assumed under one's own name.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

module "people" {
  source = "./modules/people"

  access     = var.access_file == null ? null : yamldecode(file(var.access_file))
  users      = var.users
  name       = var.name
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition
}
