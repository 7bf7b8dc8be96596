# Homebrew's formula: `brew install --formula ./homebrew.rb`.
class ClusterAuth < Formula
  desc "Kubernetes access for AWS IAM identities, from one file"
  homepage "https://cluster-auth.example"
  version "{version}"
  license "Apache-2.0"

{systems}
  def install
    bin.install "cluster-auth"
    bin.install_symlink "cluster-auth" => "kubectl-cluster_auth"
    man1.install Dir["man/man1/*.1"]
    bash_completion.install "completions/bash/cluster-auth"
    zsh_completion.install "completions/zsh/_cluster-auth"
    fish_completion.install "completions/fish/cluster-auth.fish"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/cluster-auth version --short")
  end
end
