package merge_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/source"
)

func input(text string) merge.Input { return merge.Input{source.Parse("a.yaml", []byte(text))} }

// mergeText merges three texts of one file.
func mergeText(t *testing.T, base, ours, theirs string) (string, *merge.Result) {
	t.Helper()
	r, err := merge.Merge(input(base), input(ours), input(theirs), merge.Options{})
	if err != nil {
		t.Fatalf("%v\n--- base\n%s--- ours\n%s--- theirs\n%s", err, base, ours, theirs)
	}
	if len(r.Files) != 1 {
		return "", r
	}
	return string(r.Files[0].After), r
}

// mutate makes a change as people make them, line by line: values, comments, lines that go, come, are commented out or change places.
func mutate(rng *rand.Rand, text string) string {
	for range 1 + rng.IntN(4) {
		lines := strings.SplitAfter(text, "\n")
		i := rng.IntN(len(lines))
		line := lines[i]
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		key, _, isKey := strings.Cut(strings.TrimSpace(line), ":")
		next := slices.Clone(lines)
		switch rng.IntN(12) {
		case 0, 1, 2:
			if isKey && !strings.HasSuffix(strings.TrimSpace(line), ":") {
				next[i] = fmt.Sprintf("%s%s: %s\n", indent, key, []string{"1", "two", `"3"`, "4Mi", "0.5", "true", "a, b", "[x, y]", "{z: 1}"}[rng.IntN(9)])
			}
		case 3:
			next = slices.Delete(next, i, i+1)
		case 4:
			next = slices.Insert(next, i, fmt.Sprintf("%s# note %d\n", indent, rng.IntN(100)))
		case 5:
			next = slices.Insert(next, i, fmt.Sprintf("%skey%d: %d\n", indent, rng.IntN(3), rng.IntN(3)))
		case 6:
			next[i] = strings.TrimRight(line, "\n") + fmt.Sprintf("  # remark %d\n", rng.IntN(100))
		case 7:
			next[i] = indent + "# " + strings.TrimLeft(line, " ")
		case 8: // a block goes, up to the next line that is not deeper
			j := i + 1
			for j < len(next) && len(next[j])-len(strings.TrimLeft(next[j], " ")) > len(indent) {
				j++
			}
			next = slices.Delete(next, i, j)
		case 9:
			next = slices.Insert(next, i, fmt.Sprintf("%s- name: new%d\n%s  value: %d\n", indent, rng.IntN(3), indent, rng.IntN(3)))
		case 10: // two blocks change places
			end := func(i int) int {
				j := i + 1
				for j < len(lines) && len(lines[j])-len(strings.TrimLeft(lines[j], " ")) > len(indent) {
					j++
				}
				return j
			}
			j := end(i)
			if k := end(min(j, len(lines)-1)); j < len(lines) && strings.HasPrefix(lines[j], indent) && k <= len(lines) {
				next = slices.Concat(lines[:i], lines[j:k], lines[i:j], lines[k:])
			}
		case 11:
			if rng.IntN(4) == 0 {
				next = strings.SplitAfter(strings.TrimRight(text, "\n"), "\n")
			} else if rng.IntN(4) == 0 {
				next = strings.SplitAfter(strings.ReplaceAll(text, "\n", "\r\n"), "\n")
			} else {
				next = slices.Insert(next, i, "\n")
			}
		}
		out := strings.Join(next, "")
		f := source.Parse("a", []byte(out))
		if !slices.ContainsFunc(f.Docs, func(d source.Document) bool { return d.Err != nil }) {
			text = out
		}
	}
	return text
}

// bases are what the random merges start from.
func bases(t testing.TB) (out []string) {
	names, err := filepath.Glob("../../content/paths/*/*/deploy/*/*.yaml")
	if err != nil || len(names) == 0 {
		t.Fatal("no templates", err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(data))
	}
	return out
}

// rounds is how many random merges a test makes: n unless MERGE_ROUNDS says another number.
func rounds(t *testing.T, n int) int {
	if text := os.Getenv("MERGE_ROUNDS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func TestRandomMerges(t *testing.T) {
	all := bases(t)
	n, failed := rounds(t, 3000), 0
	for seed := range n {
		rng := rand.New(rand.NewPCG(uint64(seed), 1))
		base := all[rng.IntN(len(all))]
		base = mutate(rng, base)
		ours, theirs := mutate(rng, base), mutate(rng, base)
		_, err := merge.Merge(input(base), input(ours), input(theirs), merge.Options{})
		if p, ok := errors.AsType[*merge.ProofError](err); ok {
			failed++
			if failed < 15 {
				t.Errorf("seed %d: %v", seed, p)
			}
			dir := os.Getenv("MERGE_FAILURES")
			if dir != "" {
				d := filepath.Join(dir, fmt.Sprint(seed))
				os.MkdirAll(d, 0o755)
				os.WriteFile(d+"/base.yaml", []byte(base), 0o644)
				os.WriteFile(d+"/ours.yaml", []byte(ours), 0o644)
				os.WriteFile(d+"/theirs.yaml", []byte(theirs), 0o644)
			}
		}
	}
	t.Logf("%d of %d failed", failed, n)
}

// TestRandomSkips leaves one change of theirs out, with what it lies in, as an upgrade does that defers it: the rest arrives, and can be proved.
func TestRandomSkips(t *testing.T) {
	all := bases(t)
	n, skipped := rounds(t, 1000), 0
	for seed := range n {
		rng := rand.New(rand.NewPCG(uint64(seed), 4))
		base := all[rng.IntN(len(all))]
		ours, theirs := base, mutate(rng, mutate(rng, base))
		if rng.IntN(2) == 0 {
			ours = mutate(rng, base)
		}
		_, whole := mergeText(t, base, ours, theirs)
		if len(whole.Changes) < 2 {
			continue
		}
		left := whole.Changes[rng.IntN(len(whole.Changes))]
		skip := func(o merge.Object, field string) bool {
			return o == left.Object && (strings.HasPrefix(field, left.Field) || strings.HasPrefix(left.Field, field))
		}
		r, err := merge.Merge(input(base), input(ours), input(theirs), merge.Options{Skip: skip})
		if err != nil {
			t.Errorf("seed %d, without %s: %v", seed, left.Field, err)
			continue
		}
		for _, c := range r.Changes {
			if skip(c.Object, c.Field) {
				t.Errorf("seed %d, without %s: %s changed", seed, left.Field, c.Field)
			}
		}
		for _, c := range whole.Changes { // a comment that moves may have to stay
			if c.Op != merge.Comment && !skip(c.Object, c.Field) && !slices.ContainsFunc(r.Changes, func(d merge.Change) bool { return d.Object == c.Object && d.Field == c.Field && d.Op == c.Op }) {
				t.Errorf("seed %d, without %s: %s did not change", seed, left.Field, c.Field)
			}
		}
		skipped++
	}
	if skipped < n/4 {
		t.Errorf("only %d merges had something to leave out", skipped)
	}
}

// TestAddOnlyTellsObjectsApart: manifests that were there before and a rendering have no ancestor, so that objects which are much alike but have other names
// are not one object under a new name.
func TestAddOnlyTellsObjectsApart(t *testing.T) {
	budget := func(name string) string {
		return "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: " + name + "\nspec:\n  maxUnavailable: 1\n  unhealthyPodEvictionPolicy: AlwaysAllow\n  selector:\n    matchLabels:\n      app: " + name + "\n"
	}
	in := func(text string) merge.Input { return merge.Input{source.Parse("budget.yaml", []byte(text))} }
	r, err := merge.Merge(nil, in(budget("db")), in(budget("web")), merge.Options{AddOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(r.Files[0].After), budget("db")+"---\n"+budget("web"); got != want || len(r.Conflicts) > 0 {
		t.Errorf("got\n%s\nwant\n%s\nconflicts %v", got, want, r.Conflicts)
	}
}

// TestReorderedLists: where theirs gives the items of a list another order, they move with their lines.
func TestReorderedLists(t *testing.T) {
	const (
		http   = "  - name: http\n    containerPort: 8080 # requests\n"
		health = "  # not for users\n  - name: health\n    containerPort: 8081 # probes\n"
		admin  = "  - name: admin\n    containerPort: 8082\n"
		debug  = "  # - name: debug\n  #   containerPort: 6060\n  - {name: metrics, containerPort: 9090}\n"
	)
	list := func(items ...string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: checkout\nspec:\n  ports:\n" + strings.Join(items, "")
	}
	quoted := strings.Replace(http, "http\n", "'http' # ours\n", 1)
	for _, test := range []struct{ name, base, ours, theirs, want string }{
		{"comments stay with their items", list(http, health, admin), list(http, health, admin) + "  hostNetwork: true\n", list(health, admin, http), list(health, admin, http) + "  hostNetwork: true\n"},
		{"ours writes an item otherwise", list(http, health), list(quoted, health), list(health, http), list(health, quoted)},
		{"ours changed and added items", list(http, health, admin), list(strings.Replace(http, "8080", "80", 1), debug, health, admin), list(admin, health, http),
			list(admin, health, strings.Replace(http, "8080", "80", 1), debug)},
		{"theirs comments, changes, adds and removes items", list(http, health, admin), list(quoted, health, admin),
			list(strings.Replace(admin, "8082\n", "9082 # theirs\n", 1), debug, strings.Replace(http, "8080", "80", 1)),
			list(strings.Replace(admin, "8082\n", "9082 # theirs\n", 1), debug, strings.Replace(quoted, "8080", "80", 1))},
		{"no line break at the end", list(http, admin), strings.TrimSuffix(list(quoted, admin), "\n"), list(admin, http), strings.TrimSuffix(list(admin, quoted), "\n")},
		{"a blank line between items stays between them", list(http, "\n", health), list(quoted, "\n", health), list(health, "\n", http), list(health, "\n", quoted)},
		{"an order of the team's own", list(http, health, admin), list(health, http, admin), list(admin, http, health), list(health, http, admin)},
		{"brackets become lines", list(http, admin), list(quoted, admin), list("  - {name: admin, containerPort: 8082}\n", http), list(admin, quoted)},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, r := mergeText(t, test.base, test.ours, test.theirs)
			if got != test.want || len(r.Conflicts) > 0 {
				t.Errorf("got\n%s\nwant\n%s\nconflicts %v", got, test.want, r.Conflicts)
			}
			if crlf, _ := mergeText(t, test.base, strings.ReplaceAll(test.ours, "\n", "\r\n"), test.theirs); crlf != strings.ReplaceAll(test.want, "\n", "\r\n") {
				t.Errorf("with the line breaks of Windows\n%q", crlf)
			}
		})
	}
}

// TestBothAddObjects: objects that base does not have are no renamed objects, however much they are alike.
func TestBothAddObjects(t *testing.T) {
	config := func(name, namespace string) string {
		return "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + namespace + "\ndata:\n  mode: \"1\"\n"
	}
	for _, test := range []struct{ name, ours, theirs, want string }{
		{"other names", config("a", ""), config("b", ""), config("b", "") + config("a", "")},
		{"other namespaces", config("a", "\n  namespace: x"), config("a", "\n  namespace: y"), config("a", "\n  namespace: y") + config("a", "\n  namespace: x")},
		{"a namespace that one side leaves to the tool that applies it", config("a", ""), config("a", "\n  namespace: y"), config("a", "\n  namespace: y")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, r := mergeText(t, deployment, deployment+test.ours, deployment+test.theirs)
			if want := deployment + test.want; got != want || len(r.Conflicts) > 0 {
				t.Errorf("got\n%s\nwant\n%s\nconflicts %v", got, want, r.Conflicts)
			}
		})
	}
}

// TestBothChangedTheKey: an item to which each side gave another key of its own is a conflict, and not two items.
func TestBothChangedTheKey(t *testing.T) {
	const object = "apiVersion: v1\nkind: Any\nmetadata:\n  name: checkout\nspec:\n"
	for _, test := range []struct {
		name, base   string
		ours, theirs [2]string
		conflict     string // "" where theirs arrives as well
	}{
		{"a port", "  ports:\n    - port: 80\n      targetPort: grpc\n", [2]string{"80", "84"}, [2]string{"80", "83"}, "spec.ports[port=84].port"},
		{"a port and nothing else", "  ports:\n    - port: 80\n", [2]string{"80", "84"}, [2]string{"80", "83"}, "spec.ports[port=84].port"},
		{"one port of two", "  ports:\n    - port: 80\n      targetPort: grpc\n    - port: 90\n      targetPort: http\n", [2]string{"90", "94"}, [2]string{"90", "93"}, "spec.ports[port=94].port"},
		{"a rule for traffic", "  egress:\n    - to: [{podSelector: {}}]\n    - ports: [{port: 80, protocol: TCP}]\n", [2]string{"80", "81"}, [2]string{"80", "82"}, "spec.egress[1].ports[port=81].port"},
		{"a rule of which each side left less", "  egress:\n    - to: [{podSelector: {app: db}}]\n      ports: [{port: 80, protocol: TCP}]\n", [2]string{"      ports: [{port: 80, protocol: TCP}]\n", ""},
			[2]string{" [{port: 80, protocol: TCP}]", ""}, "spec.egress[0].ports"},
		{"a file for another one", "  patches:\n    - path: a.yaml\n", [2]string{"a.yaml", "b.yaml"}, [2]string{"a.yaml", "c.yaml"}, ""},
		{"a variable for another one", "  env:\n    - name: A\n      value: x\n", [2]string{"name: A", "name: B"}, [2]string{"name: A", "name: C"}, ""},
		{"an item for another one of another kind", "  volumes:\n    - name: a\n      emptyDir: {}\n", [2]string{"    - name: a\n      emptyDir: {}\n", "    - name: b\n      secret: {secretName: b}\n"},
			[2]string{"    - name: a\n      emptyDir: {}\n", "    - name: c\n      configMap: {name: c, optional: true}\n"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			base := object + test.base
			ours, theirs := change(t, base, test.ours[:]...), change(t, base, test.theirs[:]...)
			got, r := mergeText(t, base, ours, theirs)
			if test.conflict == "" {
				if len(r.Conflicts) > 0 || !strings.Contains(got, test.ours[1]) || !strings.Contains(got, test.theirs[1]) {
					t.Errorf("got\n%s\nconflicts %v", got, r.Conflicts)
				}
			} else if got != ours || len(r.Conflicts) != 1 || r.Conflicts[0].Field != test.conflict {
				t.Errorf("got\n%s\nconflicts %v", got, r.Conflicts)
			}
		})
	}
}

// TestArguments: comments stay with their arguments when the path puts others before them, changes some or moves them.
func TestArguments(t *testing.T) {
	list := func(items ...string) string {
		return "apiVersion: v1\nkind: Pod\nmetadata:\n  name: checkout\nspec:\n  containers:\n    - name: app\n      args:\n        - " + strings.Join(items, "\n        - ") + "\n"
	}
	base, ours := list("serve", "--workers=4", "--otel # traces"), list("serve # ours", "--workers=4  # per core", "'--otel' # traces")
	for _, test := range []struct{ name, theirs, want string }{
		{"one more at the front", list("--debug", "serve", "--workers=4", "--otel # traces"), list("--debug", "serve # ours", "--workers=4  # per core", "'--otel' # traces")},
		{"one changed", list("serve", "--workers=8", "--otel # traces"), list("serve # ours", "--workers=8  # per core", "'--otel' # traces")},
		{"one changed and one more", list("serve", "--verbose", "--workers=8", "--otel # traces"), list("serve # ours", "--verbose", "--workers=8  # per core", "'--otel' # traces")},
		{"another order", list("serve", "--otel # all traces", "--workers=4"), list("serve # ours", "'--otel' # all traces", "--workers=4  # per core")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, r := mergeText(t, base, ours, test.theirs)
			if got != test.want || len(r.Conflicts) > 0 || r.Changes[0].Field != "spec.containers[name=app].args" {
				t.Errorf("got\n%s\nwant\n%s\nconflicts %v, changes %v", got, test.want, r.Conflicts, r.Changes)
			}
		})
	}
}
