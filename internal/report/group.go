package report

import (
	"cmp"
	"path"
	"slices"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// group holds the findings and unknowns of one workload in one folder: a repository often holds the same workload several times,
// in copies or overlays, and each is mended in its own place.
type group struct {
	workload finding.Ref
	file     string // where the workload is written, or else the first finding; "" when no file is known
	findings []*finding.Finding
	unknown  []finding.Unknown
	count    [finding.Must + 1]int // findings by severity
	placed   bool                  // file is the workload's own
}

// name is what the group is called: its object, or its file when the findings are about no object.
func (g *group) name() string {
	if g.workload == (finding.Ref{}) {
		return Clean(g.file)
	}
	return Label(g.workload)
}

type groupKey struct {
	workload finding.Ref
	dir      string
}

// groups sorts a report into groups, the worst first; within a group the worst finding is first.
func groups(r *finding.Report) []*group {
	byKey := map[groupKey]*group{}
	var all []*group
	at := func(ref finding.Ref, p finding.Place) *group {
		k := groupKey{workload: ref}
		if ref == (finding.Ref{}) {
			k.dir = p.File
		} else if p.File != "" {
			k.dir = path.Dir(p.File)
		}
		g := byKey[k]
		if g == nil {
			g = &group{workload: ref, file: p.File}
			byKey[k] = g
			all = append(all, g)
		}
		return g
	}
	for _, f := range r.Findings {
		g := at(f.Workload, f.Place)
		g.findings = append(g.findings, f)
		g.count[f.Severity]++
		if f.Object == f.Workload && !g.placed {
			g.file, g.placed = f.Place.File, true
		}
	}
	for _, u := range r.Unknown {
		g := at(u.Object, u.Place)
		g.unknown = append(g.unknown, u)
		if !g.placed {
			g.file, g.placed = u.Place.File, true
		}
	}
	slices.SortFunc(all, func(a, b *group) int {
		return cmp.Or(cmp.Compare(b.count[finding.Must], a.count[finding.Must]), cmp.Compare(b.count[finding.Should], a.count[finding.Should]),
			cmp.Compare(b.count[finding.Could], a.count[finding.Could]), cmp.Compare(len(b.unknown), len(a.unknown)),
			a.workload.Compare(b.workload), cmp.Compare(a.file, b.file))
	})
	for _, g := range all {
		slices.SortFunc(g.findings, worstFirst)
		slices.SortFunc(g.unknown, finding.Unknown.Compare)
	}
	return all
}

func worstFirst(a, b *finding.Finding) int {
	return cmp.Or(cmp.Compare(b.Severity, a.Severity), a.Compare(b))
}

// total adds up the groups' counts.
func total(all []*group) (count [finding.Must + 1]int) {
	for _, g := range all {
		for s, n := range g.count {
			count[s] += n
		}
	}
	return count
}
