package definition

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/fairway-k8s/fairway/internal/apiserver/crd"
	"github.com/fairway-k8s/fairway/internal/source"
)

var want = regexp.MustCompile(`# want (\d+) (\S+) "([^"]*)"`)

// right.yaml has no problems, wrong.yaml those that its lines want (column, rule, part of the message), one to one.
func TestCheck(t *testing.T) {
	archive, err := txtar.ParseFile("testdata/definition.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		var wanted []string
		for i, line := range strings.Split(string(f.Data), "\n") {
			for _, m := range want.FindAllStringSubmatch(line, -1) {
				wanted = append(wanted, fmt.Sprintf("%d:%s %s %q", i+1, m[1], m[2], m[3]))
			}
		}
		light := len(wanted)
		for _, d := range source.Parse(f.Name, f.Data).Docs {
			light -= len(crd.CheckDefinition(d.Root))
			for _, p := range Check(d.Root) {
				at := p.Node.Position()
				prefix := fmt.Sprintf("%d:%d %s ", at.Line, at.Column, p.Rule)
				i := slices.IndexFunc(wanted, func(w string) bool {
					rest, ok := strings.CutPrefix(w, prefix)
					text, err := strconv.Unquote(rest)
					return ok && err == nil && strings.Contains(p.Message, text)
				})
				if i < 0 {
					t.Errorf("%s: not wanted: %s%s: %s", f.Name, prefix, p.Field, p.Message)
					continue
				}
				wanted = slices.Delete(wanted, i, i+1)
			}
		}
		if light != 0 {
			t.Errorf("%s: crd.CheckDefinition finds %d problems less than there are", f.Name, light)
		}
		for _, w := range wanted {
			t.Errorf("%s: not found: %s", f.Name, w)
		}
	}
}
