# The module of 2018 had these variables. The call stays as it was, but for `create_users`: users were always made then.

provider "aws" {
  region = "us-east-1"
}

module "k8s_access" {
  source = "../.."

  name         = "k8s-access"
  users        = ["alice", "bob"]
  description  = "Kubernetes access"
  create_users = true
}

output "roles" {
  value = module.k8s_access.roles
}
