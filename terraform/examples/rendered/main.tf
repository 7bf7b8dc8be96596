# Users as `cluster-auth render --to terraform --aws > access.auto.tfvars.json` writes them: IAM groups expanded, several
# files merged, whatever has ended left out. They are made here, each with an access key.

provider "aws" {
  region = "eu-west-1"
}

variable "users" {
  description = "Written by `cluster-auth render --to terraform`."
  type        = list(object({ arn = string, groups = set(string) }))
}

module "k8s_access" {
  source = "../.."

  users        = var.users
  create_users = true
  pgp_key      = filebase64("${path.module}/administrator.gpg")
}

# `tofu output -json secrets | jq -r '.[0]' | base64 -d | gpg -d` shows the first.
output "secrets" {
  value     = module.k8s_access.secrets
  sensitive = true
}
