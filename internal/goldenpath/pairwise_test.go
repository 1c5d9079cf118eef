package goldenpath

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/source"
)

// pairwiseFile holds the covering sets: for each path its services, each a hash of what it renders to and its service file on one line,
// and the pairs of values that the reader refuses. The bench reads it as well.
const pairwiseFile = "testdata/pairwise.txt"

// Every two values of any two parameters are together in some service, unless the reader refuses them. Each such service renders, to
// the same bytes twice and to those of the last time; what it renders to is YAML, and every number of it is explained.
func TestPairwise(t *testing.T) {
	c, err := Open(content.FS)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Builder{}
	got.WriteString("# Written by: go test ./internal/goldenpath -run Pairwise -update\n")
	for _, shape := range c.Shapes() {
		for _, version := range c.Versions(shape) {
			p, err := c.Path(shape + "@" + version)
			if err != nil {
				t.Fatal(err)
			}
			set := coverPath(p)
			pairs := set.check(t)
			fmt.Fprintf(&got, "\n# %s: %d services, %d pairs of values\n", p.Name(), len(set.rows), pairs)
			for _, g := range set.refused {
				names := set.name(g.a, g.av)
				if g.a != g.b {
					names += ", " + set.name(g.b, g.bv)
				}
				fmt.Fprintf(&got, "refused %s: %s\n", names, set.why[g])
			}
			for _, row := range set.rows {
				text := set.text(row)
				fmt.Fprintf(&got, "%s %s\n", renderPair(t, p, text), text)
			}
		}
	}
	if *update {
		if err := os.WriteFile(pairwiseFile, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(pairwiseFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) == got.String() {
		return
	}
	t.Errorf("%s is no longer what comes out; look at what changed and accept it with -update", pairwiseFile)
	was, is := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	shown := 0
	show := func(sign string, lines, other []string) {
		for _, line := range lines {
			if shown < 6 && !slices.Contains(other, line) {
				shown++
				t.Logf("%s %.200s", sign, line)
			}
		}
	}
	show("-", was, is)
	show("+", is, was)
}

// renderPair renders a service, checks what comes out, and returns a hash of it.
func renderPair(t *testing.T, p *Path, text string) string {
	t.Helper()
	all := func() (out []Rendered) {
		s, faults := ReadService(p, source.Parse("fairway.yaml", []byte(text)), nil)
		if s == nil {
			t.Fatalf("%s\n%v", text, faults)
		}
		files, err := s.Render()
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		seeds, err := s.Seed()
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		return append(files, seeds...)
	}
	files := all()
	if !equal(files, all()) {
		t.Errorf("a second rendering differs: %s", text)
	}
	hash, numbers := sha256.New(), 0
	for _, f := range files {
		fmt.Fprintf(hash, "%s %d\n%s", f.Name, len(f.Data), f.Data)
		checkYAML(t, f)
		numbers += checkNumbers(t, text, f)
	}
	if numbers == 0 {
		t.Errorf("no number was looked at: %s", text)
	}
	return fmt.Sprintf("%.8x", hash.Sum(nil))
}

// A thousand services, read and rendered: those of the covering sets in turn.
func BenchmarkRender1000(b *testing.B) {
	data, err := os.ReadFile(pairwiseFile)
	if err != nil {
		b.Fatal(err)
	}
	var services []string
	for line := range strings.Lines(string(data)) {
		if hash, text, ok := strings.Cut(line, " {"); ok && len(hash) == 16 {
			services = append(services, "{"+text)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		paths := map[string]*Path{}
		for i := range 1000 {
			file := source.Parse("fairway.yaml", []byte(services[i%len(services)]))
			name := file.Docs[0].Root.Get("path").Text()
			if paths[name] == nil {
				paths[name] = loadPath(b, name)
			}
			s, faults := ReadService(paths[name], file, nil)
			if s == nil {
				b.Fatal(faults)
			}
			if _, err := s.Render(); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// Typical values of texts for which one example is not enough.
var typical = map[string][]string{
	"args[]":                {"--yesterday", "--label=a: b"},
	"api[].groups[]":        {"", "apps"},
	"claims[].name":         {"data", "d", "d-" + strings.Repeat("z", 61)}, // others than those of state
	"scaling.queue.address": {"redis.data:6379", "amqp://rabbitmq.queues:5672", "https://sqs.eu-west-1.amazonaws.com/123456789012", "shop-bus"},
	"scaling.queue.name":    {"mails", "mails.fifo"},
	"api[].resources[]":     {"configmaps", "deployments"},
}

// A choice is a parameter that is no object, or one that may be left out, and the values that it is tried with, as a service file has them: the usual one first,
// "" for none.
type choice struct {
	*Parameter
	levels []string
}

// choices returns the choices of parameters, those of an object that is always there for each of its fields.
func choices(p *Path, parameters []*Parameter) (out []choice) {
	for _, x := range parameters {
		switch {
		case x.Optional():
			out = append(out, choice{x, append([]string{""}, coverItems(p, x, x.Fields)...)})
		case x.Type == Object:
			out = append(out, choices(p, x.Fields)...)
		case x.Required:
			out = append(out, choice{x, levels(p, x)})
		default:
			out = append(out, choice{x, append([]string{""}, levels(p, x)...)})
		}
	}
	return out
}

// levels returns what a parameter is tried with when something is said about it.
func levels(p *Path, x *Parameter) []string {
	if x.Type != List {
		return values(x)
	}
	items := values(x.Items)
	if x.Items.Type == Object {
		items = coverItems(p, x, x.Items.Fields)
	}
	all := "[" + strings.Join(items, ", ") + "]"
	if len(x.Items.OneOf) == 0 {
		return []string{"[" + items[0] + "]", all}
	}
	var out []string
	for _, item := range items {
		out = append(out, "["+item+"]")
	}
	return append(out, all)
}

// values returns what a scalar is tried with: each of a few, or the example, the least and the most.
func values(x *Parameter) (out []string) {
	example := cmp.Or(x.Example, x.Name)
	switch x.Type {
	case Bool:
		return []string{"true", "false"}
	case Int, CPU, Memory, Duration:
		out = []string{x.Example, x.Min, x.Max}
	case Port:
		out = []string{x.Example, cmp.Or(x.Min, "1"), cmp.Or(x.Max, "65535")}
	case Name:
		longest, _ := strconv.Atoi(cmp.Or(x.Max, "63"))
		out = []string{example, "a", "z-" + strings.Repeat("z", longest-2)}
	case Image:
		digest := "@sha256:" + strings.Repeat("2c26b46b", 8)
		name, _, _ := strings.Cut(example, ":")
		out = []string{example, "a" + digest, name + ":" + strings.Repeat("1", 128) + digest}
	default:
		out = []string{example}
	}
	if t := typical[x.path]; t != nil {
		out = t
	}
	if len(x.OneOf) > 0 {
		out = x.OneOf
	}
	out = slices.DeleteFunc(slices.Clone(out), func(s string) bool { return s == "" && x.Type != String })
	if x.Type == String || x.Type == Name || x.Type == Image {
		for i, s := range out {
			out[i] = source.String(s).Inline(0, true)
		}
	}
	return out
}

// coverItems returns items of a list, or values of an object, in which every value of every field occurs.
func coverItems(p *Path, of *Parameter, fields []*Parameter) (items []string) {
	c := &covering{choices: choices(p, fields)}
	item := func(row []int, n int) string {
		return flow(fields, func(x *Parameter) string { return distinct(x, c.value(row, x), n) })
	}
	at := of.path
	if of.Type == Object {
		at += "." // what is wrong with it as a whole has to do with others
	}
	c.refuse = func(row []int) string {
		return refusal(p, at, flow(p.Parameters, func(x *Parameter) string {
			switch {
			case x == of && x.Type == List:
				return "[" + item(row, 0) + "]"
			case x == of:
				return item(row, 0)
			case x.Required:
				return levels(p, x)[0]
			}
			return ""
		}))
	}
	c.cover(1)
	for i, row := range c.rows {
		if of.Type == Object {
			i = 0 // there is one of it
		}
		items = append(items, item(row, i))
	}
	return items
}

// distinct puts a number behind the first word of the nth name or text of a list, because no two volumes have one name: /tmp2.
func distinct(x *Parameter, text string, n int) string {
	if n == 0 || text == "" || len(x.OneOf) > 0 || !slices.Contains([]Type{String, Name, Host, FileName, Folder}, x.Type) {
		return text
	}
	at := firstWord.FindStringIndex(text)
	text = text[:at[1]] + strconv.Itoa(n+1) + text[at[1]:]
	if x.Type == Name {
		longest, _ := strconv.Atoi(cmp.Or(x.Max, "63"))
		text = text[:min(len(text), longest)]
	}
	return text
}

var firstWord = regexp.MustCompile(`[a-z]+`)

// flow writes a mapping on one line. The values of an object are those of its fields.
func flow(parameters []*Parameter, value func(*Parameter) string) string {
	var entries []string
	for _, x := range parameters {
		text := ""
		if x.Type != Object || x.Optional() {
			text = value(x)
		} else if text = flow(x.Fields, value); text == "{}" {
			text = ""
		}
		if text != "" {
			entries = append(entries, x.Name+": "+text)
		}
	}
	return "{" + strings.Join(entries, ", ") + "}"
}

// refusal says why the reader refuses a service file, on account of one parameter, or of any with "".
func refusal(p *Path, parameter, text string) string {
	_, faults := ReadService(p, source.Parse("fairway.yaml", []byte(text)), nil)
	for _, f := range faults {
		if strings.HasPrefix(f.Parameter, parameter) {
			return f.Message
		}
	}
	return ""
}

// coverPath returns services of a path in which every two values of any two parameters meet.
func coverPath(p *Path) *covering {
	c := &covering{choices: choices(p, p.Parameters)}
	c.text = func(row []int) string {
		return "{path: " + p.Name() + ", " + flow(p.Parameters, func(x *Parameter) string { return c.value(row, x) })[1:]
	}
	c.refuse = func(row []int) string { return refusal(p, "", c.text(row)) }
	c.cover(2)
	return c
}

// A covering is a set of rows in which all goals are reached. A row is the index of a level for each choice:
//
//	choices    boot: "", 45s, 1s, 30m    clouds: "", [eks], [aks], [eks, aks]
//	row        2                         3
//	text       {boot: 1s, clouds: [eks, aks]}
type covering struct {
	choices []choice
	refuse  func(row []int) string // why it is no service, "" when it is one
	text    func(row []int) string

	rows    [][]int
	refused []goal
	why     map[goal]string
}

// A goal is that choice a has level av in a row where choice b has level bv. One level alone is a goal with a = b.
type goal struct{ a, av, b, bv int }

func (g goal) in(row []int) bool { return row[g.a] == g.av && row[g.b] == g.bv }

// goals returns the goals of one level each, and behind them, with 2, those of two.
func (c *covering) goals(strength int) (goals []goal) {
	for a := range c.choices {
		for av := range c.choices[a].levels {
			goals = append(goals, goal{a, av, a, av})
		}
	}
	singles := goals
	if strength == 2 {
		for i, x := range singles {
			for _, y := range singles[i:] {
				if x.a < y.a {
					goals = append(goals, goal{x.a, x.av, y.a, y.av})
				}
			}
		}
	}
	return goals
}

// cover makes rows until each goal is in one or is refused. A row begins with the first goal that is left, in an otherwise usual
// service; then each other choice takes the level that reaches most goals with those before it. Every step is asked whether it is a
// service, so that a row always is one.
func (c *covering) cover(strength int) {
	goals := c.goals(strength)
	open, left := map[goal]bool{}, map[goal]int{} // left counts the open goals of a level
	for _, g := range goals {
		open[g] = true
		left[goal{g.a, g.av, g.a, g.av}]++
		left[goal{g.b, g.bv, g.b, g.bv}]++
	}
	done := func(g goal) {
		delete(open, g)
		left[goal{g.a, g.av, g.a, g.av}]--
		left[goal{g.b, g.bv, g.b, g.bv}]--
	}
	usual := make([]int, len(c.choices))
	c.mend(usual, nil)
	c.why = map[goal]string{}
	for _, g := range goals {
		if !open[g] {
			continue
		}
		row, fixed := slices.Clone(usual), []int{g.a, g.b}
		row[g.a], row[g.b] = g.av, g.bv
		if why := c.refuse(row); why != "" {
			changed := c.mend(row, fixed)
			if changed == nil {
				c.refused, c.why[g] = append(c.refused, g), why
				for _, x := range goals { // with one level all its pairs are refused
					if open[x] && (x == g || g.a == g.b && (x.a == g.a && x.av == g.av || x.b == g.a && x.bv == g.av)) {
						done(x)
					}
				}
				continue
			}
			fixed = append(fixed, changed...)
		}
		for i := range row {
			if slices.Contains(fixed, i) {
				continue
			}
			fixed = append(fixed, i)
			worth := make([]int, len(c.choices[i].levels))
			var order []int
			for level := range worth {
				row[i] = level
				for _, j := range fixed {
					if open[goal{min(i, j), row[min(i, j)], max(i, j), row[max(i, j)]}] {
						worth[level] += len(goals)
					}
				}
				worth[level] += left[goal{i, level, i, level}]
				order = append(order, level)
			}
			slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(worth[b], worth[a]) })
			for _, row[i] = range order {
				if c.refuse(row) == "" {
					break
				}
			}
		}
		for _, x := range goals {
			if open[x] && x.in(row) {
				done(x)
			}
		}
		c.rows = append(c.rows, row)
	}
}

// mend changes a choice, if it must, so that a row becomes a service; or up to three, each of which the reader has something new to say
// of. It returns which, nil when it cannot.
func (c *covering) mend(row, fixed []int) []int {
	why := c.refuse(row)
	if why == "" {
		return []int{}
	}
	var next [][2]int
	for i := range row {
		if slices.Contains(fixed, i) {
			continue
		}
		before := row[i]
		for row[i] = range c.choices[i].levels {
			switch now := c.refuse(row); now {
			case "":
				return []int{i}
			case why:
			default:
				next = append(next, [2]int{i, row[i]})
			}
		}
		row[i] = before
	}
	if len(fixed) >= 4 {
		return nil
	}
	for _, n := range next {
		before := row[n[0]]
		row[n[0]] = n[1]
		if more := c.mend(row, append(slices.Clone(fixed), n[0])); more != nil {
			return append(more, n[0])
		}
		row[n[0]] = before
	}
	return nil
}

func (c *covering) value(row []int, x *Parameter) string {
	i := slices.IndexFunc(c.choices, func(c choice) bool { return c.Parameter == x })
	return c.choices[i].levels[row[i]]
}

// name says what a level is, in few words.
func (c *covering) name(i, level int) string {
	x := c.choices[i]
	text := x.levels[level]
	if text == "" {
		return "no " + x.path
	}
	if len(text) > 40 {
		text = text[:40] + "..."
	}
	return x.path + ": " + text
}

// check returns how many pairs of levels there are that are not refused, and complains of those that are in no row.
func (c *covering) check(t *testing.T) (pairs int) {
	t.Helper()
	for a := range c.choices {
		for b := range a {
			for av := range c.choices[a].levels {
				for bv := range c.choices[b].levels {
					if c.why[goal{b, bv, a, av}]+c.why[goal{a, av, a, av}]+c.why[goal{b, bv, b, bv}] != "" {
						continue
					}
					pairs++
					if !slices.ContainsFunc(c.rows, func(row []int) bool { return row[a] == av && row[b] == bv }) {
						t.Errorf("%s is never with %s", c.name(a, av), c.name(b, bv))
					}
				}
			}
		}
	}
	return pairs
}
