package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// aloneLines is how many findings of a group that were explained above still take a line each; more are put together.
const aloneLines = 2

// alsoPlaces is how many places of one rule stand in such a line.
const alsoPlaces = 8

// known shows the findings of a group whose rules were explained in full before, and that need not be mended at once: one line each
// when they are few, otherwise one paragraph for each severity that names rules and lines only.
func (t *textWriter) known(g *group, list []*finding.Finding) {
	if len(list) <= aloneLines {
		for _, f := range list {
			t.line(g, f)
		}
		return
	}
	for sev := finding.Should; sev > finding.Off; sev-- {
		var rest []*finding.Finding
		for _, f := range list {
			if f.Severity == sev {
				rest = append(rest, f)
			}
		}
		if len(rest) > 0 {
			t.hanging("  ", sev.String(), severityColor(sev), strings.Repeat(" ", len("should")-len(sev.String()))+"  also ", g.also(rest))
		}
	}
}

// also names the rules of findings with their places, a rule once: "prestop-missing :31, requests-missing :31 :104". A place in the
// group's own file is its line alone.
func (g *group) also(list []*finding.Finding) string {
	places := map[string][]string{}
	var rules []string
	for _, f := range list {
		if places[f.Rule] == nil {
			rules = append(rules, f.Rule)
		}
		p := g.place(f)
		if line := ":" + strconv.Itoa(f.Place.Line); f.Place.Line > 0 {
			if f.Place.File == g.file {
				p = line
			} else if i := strings.LastIndexByte(p, ':'); i > 0 {
				p = p[:i] // without the column
			}
		}
		if at := places[f.Rule]; len(at) == 0 || at[len(at)-1] != p { // two builds may say the same of one line
			places[f.Rule] = append(at, p)
		}
	}
	for i, rule := range rules {
		at := places[rule]
		if n := len(at) - alsoPlaces; n > 0 {
			at = append(at[:alsoPlaces:alsoPlaces], "and "+Thousands(n)+" more")
		}
		rules[i] = strings.TrimSpace(rule + " " + strings.Join(at, " "))
	}
	return strings.Join(rules, ", ")
}

// unknowns shows what could not be known about a group; rules that miss the same thing share a line.
func (t *textWriter) unknowns(list []finding.Unknown) {
	rules := map[string][]string{}
	var missing []string
	for _, u := range list {
		if rules[u.Missing] == nil {
			missing = append(missing, u.Missing)
		}
		if !slices.Contains(rules[u.Missing], u.Rule) { // several containers miss the same
			rules[u.Missing] = append(rules[u.Missing], u.Rule)
		}
	}
	for _, m := range missing {
		t.hanging("  ", "unknown", colorUnknown, "  "+strings.Join(rules[m], ", ")+"    ", Clean(m))
	}
}
