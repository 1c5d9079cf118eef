package merge

import (
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

//go:generate go test -run TestMergeKeys . -update

// The API says what tells the items of its own lists apart: mergeKeys (keytable_gen.go) is made from it. What it does not say is written by hand:
// which lists have an order that matters, which fields do for lists of others, what the API server fills in for a key, and which fields exclude
// each other.

// ordered are the lists whose order is their meaning: nothing can be put into them without knowing the program that reads them.
var ordered = set("args", "command")

// inferred are the fields that usually tell the items of a list apart where the API does not say, the most telling first: in custom resources,
// whose definitions seldom have keys, in kustomizations, and in lists that the API replaces as a whole.
var inferred = []string{"name", "key", "id", "host", "path", "mountPath", "topologyKey", "port", "type"}

// identity tells the items of a list apart.
type identity struct {
	fields []string // together they identify an item; none when only content does
}

// identify chooses what identifies the items of lists that stand under a key: the first set of fields that all items have, none twice in a list.
// What the API says need not hold for base, which nobody applies any more.
func identify(key string, base, ours, theirs []source.Node) identity {
	lists := [][]source.Node{base, ours, theirs}
	objects := true
	for _, list := range lists {
		for _, item := range list {
			objects = objects && objectOf(item).Kind != ""
		}
	}
	if objects && key == "items" && tellApart([]string{"kind", "metadata"}, lists) {
		return identity{[]string{"kind", "metadata"}}
	}
	for _, fields := range mergeKeys[key] {
		if tellApart(fields, lists[1:]) {
			return identity{fields}
		}
	}
	for _, field := range inferred {
		if tellApart([]string{field}, lists) {
			return identity{[]string{field}}
		}
	}
	return identity{}
}

func tellApart(fields []string, lists [][]source.Node) bool {
	for _, list := range lists {
		seen := map[string]bool{}
		for _, item := range list {
			id, ok := identity{fields}.of(item)
			if !ok || seen[id] {
				return false
			}
			seen[id] = true
		}
	}
	return true
}

// of returns the identity of an item; false when it has none.
func (x identity) of(item source.Node) (string, bool) {
	item = item.Resolve()
	if len(x.fields) == 0 || item.Kind() != source.Mapping {
		return "", false
	}
	if x.fields[0] == "kind" {
		o := objectOf(item)
		return o.id(), o.Kind != "" && o.Name != ""
	}
	var b strings.Builder
	for i, field := range x.fields {
		v := item.Get(field).Resolve()
		switch {
		case v.Kind() == source.Scalar && v.Type() != source.NullValue:
			b.WriteString(v.Text())
		case field == "protocol":
			b.WriteString("TCP") // what the API server fills in
		case i > 0: // the first key is always there, another may be left to a default
		default:
			return "", false
		}
		b.WriteByte(0)
	}
	return b.String(), true
}

// step is the item as a field path says it: [name=app], or [2] when nothing but its place tells it apart.
func (x identity) step(item source.Node, index int) string {
	if id, ok := x.of(item); ok && x.fields[0] != "kind" {
		return source.Path{{Key: x.fields[0], Match: item.Resolve().Get(x.fields[0]).Text(), ByKey: true}}.String()
	} else if ok {
		return "[" + strings.ReplaceAll(id, "\x00", "/") + "]"
	}
	return source.Path{{Index: index}}.String()
}

// exclusive are fields of which an object has one at most, by a field that only such an object has, or that leads to it.
var exclusive = []struct {
	under  map[string]bool // the key that leads to it
	fields map[string]bool
}{
	{set("livenessProbe", "readinessProbe", "startupProbe", "postStart", "preStop"), set("exec", "httpGet", "tcpSocket", "grpc", "sleep")},
	{set("env"), set("value", "valueFrom")},
	{set("valueFrom"), set("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")},
	{set("envFrom"), set("configMapRef", "secretRef")},
	{set("volumes"), set("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "fc",
		"flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "hostPath", "image", "iscsi", "nfs", "persistentVolumeClaim",
		"photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "secret", "storageos", "vsphereVolume")},
	{set("spec"), set("minAvailable", "maxUnavailable")},
	{set("backend", "defaultBackend"), set("service", "resource")},
}

// linked are fields that make sense together only: the kind of an update and how it is done.
var linked = []struct{ under, fields map[string]bool }{
	{set("strategy", "updateStrategy"), set("type", "rollingUpdate")},
	{probes, set("initialDelaySeconds", "periodSeconds", "failureThreshold")},
}

// probes have a number of tries, a pace and a delay, which only together say how long a container may fail. How long one try may take
// (timeoutSeconds) and how many must succeed (successThreshold) are matters of their own.
var probes = set("livenessProbe", "readinessProbe", "startupProbe")

// patience is for how many seconds a container may fail its probe, with what the API server fills in.
func patience(get func(key string) source.Node) int64 {
	number := func(key string, otherwise int64) int64 {
		if n, ok := get(key).Resolve().Int(); ok {
			return n
		}
		return otherwise
	}
	return number("initialDelaySeconds", 0) + (number("failureThreshold", 3)-1)*number("periodSeconds", 10)
}

// alternatives returns, for the keys of the mapping under a trail, the groups of those that exclude each other.
func alternatives(under trail, keys []string) (groups [][]string) {
	for _, x := range exclusive {
		if !x.under[under.key] {
			continue
		}
		var group []string
		for _, key := range keys {
			if x.fields[key] {
				group = append(group, key)
			}
		}
		if len(group) > 1 {
			groups = append(groups, group)
		}
	}
	return groups
}

// together returns the groups of keys that are taken from one side together.
func together(under trail, keys []string) (groups [][]string) {
	for _, x := range linked {
		if x.under[under.key] && slices.ContainsFunc(keys, func(key string) bool { return x.fields[key] }) {
			groups = append(groups, slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !x.fields[key] }))
		}
	}
	return groups
}
