package report

import (
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// uncheckedReasons are the reasons for skipping that leave objects unchecked: what an API server would be sent, but nobody here
// could make or read. A reader has to act on those; the others are only counted. A kustomization is the last: many are components, which are
// checked where others build them.
var uncheckedReasons = []string{"helm-chart", "remote-resource", "outside", "kustomization"}

// Unchecked returns what was skipped although it stands for objects, by reason.
func Unchecked(skipped []finding.Skipped) []finding.Skipped {
	var list []finding.Skipped
	for _, reason := range uncheckedReasons {
		for _, s := range skipped {
			if s.Reason == reason {
				list = append(list, s)
			}
		}
	}
	return list
}

// uncheckedLines is how many of them are told apart.
const uncheckedLines = 5

// unchecked says what was not checked and why.
func (t *textWriter) unchecked() {
	t.forbidden()
	list := Unchecked(t.r.Skipped)
	for i, s := range list {
		if i == uncheckedLines && !t.o.Full {
			t.WriteString("and " + Thousands(len(list)-i) + " more (-o json lists them)\n")
			break
		}
		if t.o.Quiet {
			t.WriteString(Clean(s.Place.String()) + ": not checked: " + skipped(s) + "\n")
			continue
		}
		t.hanging("", "not checked", colorUnknown, "  "+Clean(s.Place.String())+"  ", skipped(s))
	}
}

// skipped says why something was skipped.
func skipped(s finding.Skipped) string {
	reason := reasonWords(s.Reason, 1)
	if s.Detail != "" {
		reason += ": " + Clean(s.Detail)
	}
	return reason
}

// forbiddenKinds is how many kinds are named that may not be listed.
const forbiddenKinds = 8

// forbidden says in one line which kinds of a cluster may not be listed: whoever may see little is told of many. Kinds of the namespaces
// that were asked for come first; rules seldom need the others.
func (t *textWriter) forbidden() {
	var kinds []string
	for _, within := range []bool{true, false} {
		var list []string
		for _, s := range t.r.Skipped {
			if s.Reason == "forbidden" && (s.Object.Namespace != "") == within && !slices.Contains(kinds, s.Object.Kind) && !slices.Contains(list, s.Object.Kind) {
				list = append(list, s.Object.Kind)
			}
		}
		slices.Sort(list)
		kinds = append(kinds, list...)
	}
	if len(kinds) == 0 {
		return
	}
	more := ""
	if left := len(kinds) - forbiddenKinds; left > 1 && !t.o.Full {
		kinds, more = kinds[:forbiddenKinds], " and "+Thousands(left)+" more (--full lists them)"
	}
	list := Clean(strings.Join(kinds, ", ")) + more
	if t.o.Quiet {
		t.WriteString("not listed, as the context's user may not: " + list + "\n")
		return
	}
	t.hanging("", "not listed", colorUnknown, "  as the context's user may not: ", list)
}
