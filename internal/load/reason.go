package load

// Reasons why input is skipped: the values of finding.Skipped.Reason that this package uses.
const (
	NotKubernetes  = "not-kubernetes"
	ClientConfig   = "client-config"
	Empty          = "empty"
	HelmTemplate   = "helm-template"
	HelmChart      = "helm-chart"
	KustomizePatch = "kustomize-patch"
	Kustomization  = "kustomization"
	RemoteResource = "remote-resource"
	TooLarge       = "too-large"
	IgnoredFolder  = "ignored-folder"
	Duplicate      = "duplicate"
	Encrypted      = "encrypted"
	NotAFile       = "not-a-file"
	Outside        = "outside"
	Forbidden      = "forbidden"
)

// Reason is one reason with its explanation.
type Reason struct{ ID, Doc string }

// Reasons explains every reason, in the order of IDs.
var Reasons = []Reason{
	{ClientConfig, "configuration of a command-line tool or a component, which is never sent to an API server"},
	{Duplicate, "a link to a file or folder that is read under another name"},
	{Empty, "nothing but comments and white space, or a List without items"},
	{Encrypted, "a file that git-crypt keeps encrypted; unlock the repository to have it read"},
	{Forbidden, "a kind of object that whoever asked may not list in the cluster; what depends on it is unknown"},
	{HelmChart, "a Helm chart, which only helm can render"},
	{HelmTemplate, "template markup ({{ or {%) that makes it no YAML before it is rendered"},
	{IgnoredFolder, "hidden folders, node_modules and vendor; name such a folder to have it read"},
	{Kustomization, "a kustomization or component, no object itself, that is not part of any build"},
	{KustomizePatch, "a patch, configuration or generator source of a kustomization, no object of its own"},
	{NotAFile, "a pipe, socket or device in a folder, or a link to nothing"},
	{NotKubernetes, "no apiVersion and kind: no Kubernetes object"},
	{Outside, "a link that leads out of the Git repository, or without one out of the folder that was named; name its target to have it read"},
	{RemoteResource, "a kustomization that needs something from a network, which is never used; its local files are read one by one"},
	{TooLarge, "over the size limit, and nothing in it looks like Kubernetes"},
}
