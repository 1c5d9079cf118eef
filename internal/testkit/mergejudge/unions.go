package mergejudge

import "slices"

// union is a set of fields of which an object may have one.
type union struct {
	parents []string // keys of the mappings that have it
	members []string
}

var handlers = []string{"exec", "grpc", "httpGet", "sleep", "tcpSocket"}

var unions = []union{
	{[]string{"livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop"}, handlers},
	{[]string{"spec"}, []string{"minAvailable", "maxUnavailable"}},
	{[]string{"env"}, []string{"value", "valueFrom"}},
	{[]string{"valueFrom"}, []string{"configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"}},
	{[]string{"volumes"}, []string{"awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "fc", "gcePersistentDisk", "hostPath", "image", "iscsi", "nfs", "persistentVolumeClaim", "projected", "secret"}},
	{[]string{"from", "to"}, []string{"ipBlock", "namespaceSelector"}},
	{[]string{"from", "to"}, []string{"ipBlock", "podSelector"}},
}

// excludes says whether two fields of a mapping exclude each other.
func excludes(parent, a, b string) bool {
	for _, u := range unions {
		if slices.Contains(u.parents, parent) && slices.Contains(u.members, a) && slices.Contains(u.members, b) {
			return true
		}
	}
	if parent == "strategy" || parent == "updateStrategy" {
		return a == "type" && b == "rollingUpdate" || a == "rollingUpdate" && b == "type"
	}
	return false
}

// contradictions are the pairs of fields that a mapping has although they exclude each other.
func contradictions(parent string, n *node) (pairs []string) {
	if n == nil || n.kind != mapping {
		return nil
	}
	names := slices.Sorted(slices.Values(n.names))
	for i, a := range names {
		for _, b := range names[i+1:] {
			switch {
			case !excludes(parent, a, b):
			case a != "rollingUpdate":
				pairs = append(pairs, a+" and "+b)
			case n.field("type") == "Recreate" || n.field("type") == "OnDelete":
				pairs = append(pairs, n.field("type")+" and "+a)
			}
		}
	}
	return pairs
}
