package workspace

import (
	"sort"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// Only objects of one folder or build count: a repository may well hold an application several times. Which of the two is meant is
// not known, so there is no fix.
var objectDuplicate = &rule.Rule{
	ID:    "object-duplicate",
	Title: "the same object is there twice",
	Why: "Applied together, the last one wins and the other is lost without a word; with pruning or GitOps the two take turns. Whoever " +
		"edits the losing one changes nothing.",
	How:      "Remove one, or give it a name of its own. Variants of an application belong in folders of their own.",
	Severity: finding.Must, Profile: rule.Basic, Since: "0.1.0", Incident: "last-one-wins",
	Links: []string{"https://kubernetes.io/docs/concepts/overview/working-with-objects/names/"},
	Object: func(p *rule.Pass, o *cluster.Object) {
		if o.Name == "" || strings.Contains(o.Name, "*") {
			return // the API server makes the name
		}
		same := p.Same(o)
		if same[0] == o || variants(same) {
			return
		}
		_, first := rule.Locate(same[0], "kind")
		p.Report(o, "metadata.name", "%s %s is defined in %s already; of the two, the one applied last stays", o.Kind, o.Name, first)
	},
}

// variants reports whether an object is declared in three or more files of its folder. Nobody does that by mistake: the files are
// alternatives to choose from, or examples that are applied one at a time.
func variants(same []*cluster.Object) bool {
	first, last := same[0].Root.File(), same[len(same)-1].Root.File()
	i := sort.Search(len(same), func(i int) bool { return same[i].Root.File() != first }) // objects are in the order of files
	return i < len(same) && same[i].Root.File() != last
}
