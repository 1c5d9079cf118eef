package apiserver

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/fairway-k8s/fairway/internal/source"
)

// mend suggests what follows from the object itself: the value that Kubernetes would take, or took before the field had to be
// written, or the only one that validation accepts there. It returns nothing where somebody has to decide.
func mend(e *field.Error, path source.Path, root source.Node) (string, []source.Change) {
	if len(path) == 0 {
		return "", nil
	}
	last := path[len(path)-1].Key
	switch e.Type {
	case field.ErrorTypeRequired:
		switch {
		case path.String() == "spec.selector":
			return selectPods(root)
		case last == "pathType" && isKind(root, "networking.k8s.io/v1", "Ingress"):
			// What v1beta1 took (kubernetes.io, "Deprecated API Migration Guide", Ingress). A backend of that version is not mended by it.
			at, _ := root.Reach(path[:len(path)-1])
			if b := at.Value.Get("backend"); b.Get("service").IsZero() && b.Get("resource").IsZero() {
				return "", nil
			}
			return "ImplementationSpecific is what an Ingress without pathType had before v1",
				[]source.Change{{Op: source.Set, Path: path, Value: source.String("ImplementationSpecific"), After: []string{"path"}}}
		case last == "name" && len(path) == 4 && path[1].Key == "ports" && isKind(root, "v1", "Service"):
			return namePort(path, root)
		}
	case field.ErrorTypeInvalid:
		written, _ := root.Find(path)
		switch text := written.Value.Resolve(); {
		case strings.HasPrefix(e.Detail, "empty selector is invalid"):
			return selectPods(root)
		case strings.Contains(e.Detail, "`selector` does not match template `labels`"):
			return labelPods(root)
		case last == "successThreshold" && e.Detail == "must be 1":
			return "1 is the only value", []source.Change{{Op: source.Set, Path: path, Value: source.Int(1)}}
		case (last == "port" || last == "targetPort") && strings.HasPrefix(e.Detail, "must contain at least one letter"):
			// Within quotes it is the name of a port, and the API takes no name without a letter.
			if n, err := strconv.ParseUint(text.Text(), 10, 16); err == nil && n > 0 {
				return fmt.Sprintf("write the number without quotes: %d", n), []source.Change{{Op: source.Set, Path: path, Value: source.Int(int64(n))}}
			}
		case strings.HasPrefix(e.Detail, "cannot use TZ or CRON_TZ in schedule"):
			if m := zoned.FindStringSubmatch(text.Text()); m != nil && root.Get("spec").Get("timeZone").IsZero() {
				zone := append(slices.Clone(path[:len(path)-1]), source.Step{Key: "timeZone"})
				return "write timeZone: " + m[1], []source.Change{
					{Op: source.Set, Path: path, Value: source.String(m[2])},
					{Op: source.Set, Path: zone, Value: source.String(m[1]), After: []string{"schedule"}},
				}
			}
		}
	case field.ErrorTypeNotFound:
		if n := len(path); n > 4 && last == "name" && path[n-3].Key == "volumeMounts" {
			return nameVolume(path, root)
		}
	}
	return "", nil
}

var zoned = regexp.MustCompile(`^(?:CRON_)?TZ=(\S+)\s+(\S.*)$`)

// perVersion are the words in a label's key that say that its value changes with every release or is the API server's own. A
// selector can never be changed, so that they have no place in one.
var perVersion = []string{"version", "chart", "hash", "revision", "commit", "build", "date", "heritage", "managed-by"}

// selectPods makes the selector of a workload of the labels of its pods, as the versions before apps/v1 did on their own.
func selectPods(root source.Node) (string, []source.Change) {
	template := root.Get("spec").Get("template")
	labels := template.Get("metadata").Get("labels").Resolve()
	if labels.Len() == 0 || !wholePod(template.Get("spec")) {
		return "", nil
	}
	var fields []source.Field
	for e := range labels.Entries() {
		key := strings.ToLower(e.Key.Text())
		if e.Key.IsMergeKey() || !plainText(e.Value) || slices.ContainsFunc(perVersion, func(w string) bool { return strings.Contains(key, w) }) {
			return "", nil
		}
		fields = append(fields, source.F(e.Key.Text(), source.String(e.Value.Resolve().Text())))
	}
	path := source.Path{{Key: "spec"}, {Key: "selector"}, {Key: "matchLabels"}}
	return "select the pods by the labels of the template", []source.Change{
		{Op: source.Set, Path: path, Value: source.Map(fields...), After: []string{"replicas", "serviceName"}}}
}

// labelPods gives the pods the labels by which their workload selects them and that they lack. One that has another value is left:
// which of the two was meant is not known.
func labelPods(root source.Node) (string, []source.Change) {
	spec := root.Get("spec")
	wanted := spec.Get("selector").Get("matchLabels").Resolve()
	if isKind(root, "v1", "ReplicationController") {
		wanted = spec.Get("selector").Resolve()
	}
	labels := spec.Get("template").Get("metadata").Get("labels")
	if !wholePod(spec.Get("template").Get("spec")) {
		return "", nil
	}
	var changes []source.Change
	for e := range wanted.Entries() {
		has := labels.Get(e.Key.Text())
		switch {
		case e.Key.IsMergeKey() || !plainText(e.Value) || !has.IsZero() && has.Resolve().Text() != e.Value.Resolve().Text():
			return "", nil
		case has.IsZero():
			path := source.Path{{Key: "spec"}, {Key: "template"}, {Key: "metadata"}, {Key: "labels"}, {Key: e.Key.Text()}}
			changes = append(changes, source.Change{Op: source.Set, Path: path, Value: source.String(e.Value.Resolve().Text())})
		}
	}
	if len(changes) == 0 {
		return "", nil
	}
	return "give the pods the labels of the selector", changes
}

// namePort names a port of a Service after the container port that it leads to.
func namePort(path source.Path, root source.Node) (string, []source.Change) {
	ports := root.Get("spec").Get("ports").Resolve()
	target := ports.Item(path[2].Index).Get("targetPort").Resolve()
	name := target.Text()
	if _, number := target.Int(); number || name == "" || !plainText(target) {
		return "", nil
	}
	for i, port := range ports.Items() {
		if i != path[2].Index && (port.Get("name").Text() == name || port.Get("targetPort").Text() == name) {
			return "", nil
		}
	}
	return "name it after its targetPort, " + name, []source.Change{{Op: source.Set, Path: path, Value: source.String(name)}}
}

// nameVolume corrects a mount that misspells the name of a volume.
func nameVolume(path source.Path, root source.Node) (string, []source.Change) {
	written, ok := root.Find(path)
	pod, found := root.Find(path[:len(path)-5])
	if !ok || !found || !plainText(written.Value) {
		return "", nil
	}
	var volumes []string
	for _, v := range pod.Value.Get("volumes").Resolve().Items() {
		volumes = append(volumes, v.Get("name").Text())
	}
	best, distance := nearest(written.Value.Resolve().Text(), volumes)
	if best == "" {
		return "", nil
	}
	var fix []source.Change
	if distance <= 1 {
		fix = []source.Change{{Op: source.Set, Path: path, Value: source.String(best)}}
	}
	return "did you mean " + best + "?", fix
}

// wholePod reports whether a pod's spec is a pod and not a patch: each container has a name and an image.
func wholePod(spec source.Node) bool {
	containers := spec.Get("containers").Resolve()
	for _, c := range containers.Items() {
		if !plainText(c.Get("name")) || c.Get("image").Resolve().Kind() != source.Scalar {
			return false
		}
	}
	return containers.Len() > 0
}

func isKind(root source.Node, apiVersion, kind string) bool {
	return root.Get("apiVersion").Text() == apiVersion && root.Get("kind").Text() == kind
}

// plainText reports whether a value is text that is there in full: no placeholder.
func plainText(n source.Node) bool {
	n = n.Resolve()
	return n.Kind() == source.Scalar && n.Text() != "" && n.Type() != source.NullValue && !placeholders.MatchString(n.Raw())
}
