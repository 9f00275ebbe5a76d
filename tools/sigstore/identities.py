# SPDX-License-Identifier: Apache-2.0
"""Whom the certificate authority believes, and which claims it writes into which extension."""

CLIENT = "sigstore"

# Fulcio's names of its extensions, from the claims of GitHub's and GitLab's jobs: a claim's name, or a
# template. A certificate is refused when a claim is missing.
GITHUB = {
    "DefaultTemplateValues": {"host": "https://github.com"},
    "SubjectAlternativeNameTemplate": "{{.host}}/{{.job_workflow_ref}}",
    "ExtensionTemplates": {
        "GithubWorkflowTrigger": "event_name",
        "GithubWorkflowSHA": "sha",
        "GithubWorkflowName": "workflow",
        "GithubWorkflowRepository": "repository",
        "GithubWorkflowRef": "ref",
        "BuildSignerURI": "{{.host}}/{{.job_workflow_ref}}",
        "BuildSignerDigest": "job_workflow_sha",
        "RunnerEnvironment": "runner_environment",
        "SourceRepositoryURI": "{{.host}}/{{.repository}}",
        "SourceRepositoryDigest": "sha",
        "SourceRepositoryRef": "ref",
        "SourceRepositoryIdentifier": "repository_id",
        "SourceRepositoryOwnerURI": "{{.host}}/{{.repository_owner}}",
        "SourceRepositoryOwnerIdentifier": "repository_owner_id",
        "BuildConfigURI": "{{.host}}/{{.workflow_ref}}",
        "BuildConfigDigest": "workflow_sha",
        "BuildTrigger": "event_name",
        "RunInvocationURI": "{{.host}}/{{.repository}}/actions/runs/{{.run_id}}/attempts/{{.run_attempt}}",
        "SourceRepositoryVisibilityAtSigning": "repository_visibility",
    },
}
GITLAB = {
    "DefaultTemplateValues": {"host": "https://gitlab.lab.test"},
    "SubjectAlternativeNameTemplate": "https://{{.ci_config_ref_uri}}",
    "ExtensionTemplates": {
        "BuildSignerURI": "https://{{.ci_config_ref_uri}}",
        "BuildSignerDigest": "ci_config_sha",
        "RunnerEnvironment": "runner_environment",
        "SourceRepositoryURI": "{{.host}}/{{.project_path}}",
        "SourceRepositoryDigest": "sha",
        "SourceRepositoryRef": 'refs/{{if eq .ref_type "tag"}}tags{{else}}heads{{end}}/{{.ref}}',
        "SourceRepositoryIdentifier": "project_id",
        "SourceRepositoryOwnerURI": "{{.host}}/{{.namespace_path}}",
        "SourceRepositoryOwnerIdentifier": "namespace_id",
        "BuildConfigURI": "https://{{.ci_config_ref_uri}}",
        "BuildConfigDigest": "ci_config_sha",
        "BuildTrigger": "pipeline_source",
        "RunInvocationURI": "{{.host}}/{{.project_path}}/-/jobs/{{.job_id}}",
        "SourceRepositoryVisibilityAtSigning": "project_visibility",
    },
}


def fulcio_config(issuer_url):
    """Fulcio's configuration for the four issuers below this URL."""
    kinds = {"email": {"Type": "email"},
             "uri": {"Type": "uri", "SubjectDomain": "http://127.0.0.1"},
             "github": {"Type": "ci-provider", "CIProvider": "github"},
             "gitlab": {"Type": "ci-provider", "CIProvider": "gitlab"}}
    issuers = {f"{issuer_url}/{kind}": {"IssuerURL": f"{issuer_url}/{kind}", "ClientID": CLIENT, **more}
               for kind, more in kinds.items()}
    return {"OIDCIssuers": issuers, "CIIssuerMetadata": {"github": GITHUB, "gitlab": GITLAB}}
