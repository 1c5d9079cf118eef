package workspace

import (
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// serverFieldWritten is silent about creationTimestamp: null and an empty status, which generators write and which do no harm. It
// removes what the API server writes itself; a manifest is not the place where any of it can be set.
var serverFieldWritten = &rule.Rule{
	ID:    "server-field-written",
	Title: "a manifest carries fields that the API server writes",
	Why: "They come from copying kubectl get -o yaml. With resourceVersion or uid every apply after the next change is refused as a conflict; " +
		"last-applied-configuration makes kubectl compare with a state that never was; managedFields is refused outright.",
	How:      "Remove metadata.resourceVersion, uid, generation, managedFields, selfLink and the last-applied annotation.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Fixes: true,
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/object-management/", "https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		meta := o.Root.Get("metadata")
		if meta.IsZero() {
			return
		}
		first := ""
		var names []string
		var remove []source.Change
		add := func(path, name string) {
			if first == "" {
				first = path
			}
			names = append(names, name)
			remove = append(remove, rule.Remove(path))
		}
		for _, f := range serverFields {
			if n := meta.Get(f).Resolve(); n.Kind() != source.Invalid && !(n.Kind() == source.Scalar && (n.Type() == source.NullValue || n.Text() == "" || cluster.Placeholder(n.Text()))) {
				add("metadata."+f, f)
			}
		}
		if o.Annotations[lastApplied] != "" {
			add("metadata.annotations["+lastApplied+"]", lastApplied)
		}
		if first != "" {
			p.Report(o, first, "the manifest carries %s, which the API server writes", strings.Join(names, ", ")).
				Fix = rule.Mend("remove what the API server writes", remove...)
		}
	},
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

var serverFields = [...]string{"resourceVersion", "uid", "generation", "selfLink", "managedFields"}
