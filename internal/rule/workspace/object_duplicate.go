package workspace

import (
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// objectDuplicate is sure of objects of one file or one build, which are applied together whatever happens. Two files of one folder
// are alternatives far more often than a mistake (a variant, an example, a provider), so there it says what it does not know, and nothing
// when the names of the files say it. Which of the two objects is meant is not known, so there is no fix.
var objectDuplicate = &rule.Rule{
	ID:    "object-duplicate",
	Title: "the same object is there twice",
	Why: "Applied together, the last one wins and the other is lost without a word; with pruning or GitOps the two take turns. Whoever " +
		"edits the losing one changes nothing.",
	How:      "Remove one, or give it a name of its own. Variants of an application belong in folders of their own.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "last-one-wins", NeedsContext: true,
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if o.Name == "" || strings.Contains(o.Name, "*") {
			return // the API server makes the name
		}
		same := p.Same(o)
		if same[0] == o {
			return
		}
		file := o.Root.File()
		first := same[slices.IndexFunc(same, func(x *cluster.Object) bool { return x.Root.File() == file })]
		if first != o {
			_, place := rule.Locate(first, "kind")
			p.Report(o, "metadata.name", "%s %s is defined in %s already; of the two, the one applied last stays", o.Kind, o.Name, place)
			return
		}
		if other := same[0].Root.File(); same[len(same)-1].Root.File() == file && !between(same, other, file) && !cluster.Alternatives(other.Name, file.Name) {
			_, place := rule.Locate(same[0], "kind")
			p.Unknown(o, "metadata.name", "whether %s, where %s %s is defined as well, is applied together with it", place, o.Kind, o.Name)
		}
	},
}

// between reports whether some of the objects, which are in the order of files, are in a file other than the two. Nobody declares an
// object in three files by mistake: they are alternatives to choose from, or examples that are applied one at a time.
func between(same []*cluster.Object, first, last *source.File) bool {
	return slices.ContainsFunc(same, func(o *cluster.Object) bool { f := o.Root.File(); return f != first && f != last })
}
