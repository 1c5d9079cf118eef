package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// root reads one document and returns its top node.
func root(t *testing.T, in string) Node {
	t.Helper()
	d := Parse("test.yaml", []byte(in)).Docs[0]
	if d.Err != nil {
		t.Fatalf("%v: %s\n%s", d.Err.Position, d.Err, in)
	}
	return d.Root
}

func TestTypes(t *testing.T) {
	for _, row := range []struct {
		in   string
		typ  ScalarType
		want string // bool, int and float that the node has
	}{
		{"yes", BoolValue, "true - -"},
		{"Off", BoolValue, "false - -"},
		{"n", BoolValue, "false - -"},
		{"yEs", StringValue, "- - -"},
		{"'yes'", StringValue, "- - -"},
		{"\"1\"", StringValue, "- - -"},
		{"1", IntValue, "- 1 1"},
		{"-0x1F", IntValue, "- -31 -31"},
		{"0777", IntValue, "- 511 511"},
		{"0888", FloatValue, "- - 888"},
		{"0b101", IntValue, "- 5 5"},
		{"1_000", IntValue, "- 1000 1000"},
		{"18446744073709551615", IntValue, "- - 1.8446744073709552e+19"},
		{"1e3", FloatValue, "- - 1000"},
		{".5", FloatValue, "- - 0.5"},
		{"-.inf", FloatValue, "- - -Inf"},
		{"1.2.3", StringValue, "- - -"},
		{"250m", StringValue, "- - -"},
		{"2001-01-01", StringValue, "- - -"},
		{"~", NullValue, "- - -"},
		{"Null", NullValue, "- - -"},
		{"", NullValue, "- - -"},
		{"!!str 1", StringValue, "- - -"},
		{"!!int '1'", IntValue, "- 1 1"},
		{"!!float 1", FloatValue, "- - 1"},
		{"!Ref 1", StringValue, "- - -"},
		{"|\n  1", StringValue, "- - -"},
		{"[]", StringValue, "- - -"},
	} {
		n := root(t, "a: "+row.in+"\n").Get("a")
		part := func(v any, ok bool) string {
			if !ok {
				return "-"
			}
			return fmt.Sprint(v)
		}
		b, bok := n.Bool()
		i, iok := n.Int()
		f, fok := n.Float()
		got := part(b, bok) + " " + part(i, iok) + " " + part(f, fok)
		if n.Type() != row.typ || got != row.want {
			t.Errorf("%q: type %d, values %s; want %d, %s", row.in, n.Type(), got, row.typ, row.want)
		}
	}
	if zero := (Node{}); zero.Type() != StringValue || zero.Text() != "" || !zero.Resolve().IsZero() || !zero.Get("a").IsZero() {
		t.Error("the zero Node is something")
	}
}

func TestGet(t *testing.T) {
	n := root(t, `
a: 1
dup: 1
dup: 2
base: &base {x: 1, y: 2, deep: &deep {z: 3}}
merged:
  x: before
  <<: *base
  y: after
list:
  <<: [{x: first}, *base]
nested:
  <<: {<<: *base}
alias: *base
"quoted": q
`)
	for path, want := range map[string]string{
		"a": "1", "dup": "2", "quoted": "q", "alias.x": "1", "alias.deep.z": "3",
		// What stands later in the mapping wins, merged or not.
		"merged.x": "1", "merged.y": "after", "merged.deep.z": "3",
		"list.x": "first", "list.y": "2", "nested.y": "2", "none": "", "a.x": "", "merged.<<": "",
	} {
		at := n
		for _, key := range strings.Split(path, ".") {
			at = at.Get(key)
		}
		if at.Text() != want || at.IsZero() != (want == "") {
			t.Errorf("%s is %q (nothing: %v), want %q", path, at.Text(), at.IsZero(), want)
		}
	}
}

// TestJSON has the cases on which comparing with the other reader is silent: what is refused, and the order of keys.
func TestJSON(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("a0: &a0 [x, x]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&bomb, "a%d: &a%d [*a%d, *a%d]\n", i, i, i-1, i-1)
	}
	var merges strings.Builder
	merges.WriteString("a0: &a0 {x: 1}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&merges, "a%d: &a%d {<<: [*a%d, *a%d]}\n", i, i, i-1, i-1)
	}
	for _, row := range []struct{ in, want, err string }{
		{"b: 1\na: 2\nb: 3\n", `{"a":2,"b":3}`, ""},
		{"<<: {x: 1, z: 2}\nx: 3\n", `{"z":2,"x":3}`, ""},
		{"a: \"<\\0\\\"\\\\\\n\\u2028>\"\n", `{"a":"<\u0000\"\\\n` + "\u2028" + `>"}`, ""},
		{"a:\n", `{"a":null}`, ""},
		{"~: a\n", "", "null cannot be a key"},
		{"a: .inf\n", "", "JSON has no .inf"},
		{"a: !!int x\n", "", "demands"},
		{"!!int x: a\n", "", "demands"},
		{"a: !!binary '*'\n", "", "demands"},
		{"18446744073709551615: a\n", "", "too large"},
		{"<<: 1\n", "", "merge key"},
		{"<<: [1]\n", "", "merge key"},
		{bomb.String(), "", "aliases expand"},
		{merges.String(), "", "merge keys"},
	} {
		got, err := root(t, row.in).AppendJSON([]byte("> "))
		switch {
		case row.err != "" && (err == nil || !strings.Contains(err.Error(), row.err)):
			t.Errorf("%.60q: %.60s, error %v; want %q", row.in, got, err, row.err)
		case row.err == "" && (err != nil || string(got) != "> "+row.want):
			t.Errorf("%.60q: %s, error %v; want %s", row.in, got, err, row.want)
		}
	}
}

// TestTextDoesNotCopy: the text of most scalars is cut from the file.
func TestTextDoesNotCopy(t *testing.T) {
	n := root(t, "a: plain text\nb: \"double\"\nc: 'single'\n")
	total := 0
	if allocs := testing.AllocsPerRun(100, func() {
		for e := range n.Entries() {
			total += len(e.Value.Text())
		}
		total += len(n.Get("c").Text())
	}); allocs != 0 || total == 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestAt(t *testing.T) {
	in := "# top\nspec:\n  # comment\n  containers:\n  - name: app\n    args: [x, y]\n\nother: |\n  text\n---\nb: c\n"
	f := Parse("test.yaml", []byte(in))
	for _, row := range []struct{ at, want string }{
		{"# top", ""},
		{"spec", "spec: > spec"},
		{"# comment", "spec: > spec"},
		{"containers", "spec: > containers: > containers"},
		{"- name", "spec: > containers: > - name: app > name: app"},
		{"name: app", "spec: > containers: > - name: app > name: app > name"},
		{"app", "spec: > containers: > - name: app > name: app > app"},
		{"y]", "spec: > containers: > - name: app > name: app > [x, y] > y"},
		{"\nother", "spec:"},
		{"text", "spec: > |"},
		{"b: c", "b: c > b"},
		{"c\n", "b: c > c"},
	} {
		var names []string
		for _, n := range f.At(strings.Index(in, row.at)) {
			first, _, _ := strings.Cut(n.Raw(), "\n")
			names = append(names, first)
		}
		if got := strings.Join(names, " > "); got != row.want {
			t.Errorf("at %q: %s, want %s", row.at, got, row.want)
		}
	}
}

func TestPosition(t *testing.T) {
	f := Parse("test.yaml", []byte("\uFEFFé: x\r\ny: z\rw: v"))
	var got []Position
	for _, text := range []string{"é", "x", "y", "v"} {
		got = append(got, f.Position(strings.Index(string(f.Data), text)))
	}
	got = append(got, f.Position(len(f.Data)))
	want := []Position{{1, 1}, {1, 4}, {2, 1}, {3, 4}, {3, 5}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
