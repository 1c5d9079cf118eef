package mergejudge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mostEdits is how many edits one call of Edit tries.
const mostEdits = 6

// Edit changes a file of Kubernetes YAML in one to six ways as teams do: values, images, env, sidecars, blocks removed or commented out,
// comments, order, indentation, quotes, line breaks. What comes out can be read, and has no key, list item or contradiction that the API
// server would refuse, unless they were there before. The same rng and data give the same edits.
func Edit(rng *rand.Rand, data []byte) []byte {
	for range 1 + rng.IntN(mostEdits) {
		for range 20 { // not every edit finds its place in every file
			e := edits[rng.IntN(len(edits))]
			t := newText(data)
			if !e.do(rng, t) {
				continue
			}
			next := t.bytes()
			if bytes.Equal(next, data) || !sound(data, next) || e.style && (!Same(data, next) || !slices.Equal(texts(data), texts(next))) {
				continue
			}
			data = next
			break
		}
	}
	return data
}

// sound says whether a file can be read and has no fault that it did not have before.
func sound(before, after []byte) bool {
	f, err := read(after)
	if err != nil {
		return false
	}
	was, err := read(before)
	return err == nil && len(blemishes(f)) <= len(blemishes(was))
}

// blemishes are the keys and items that a file has twice, and its contradictions.
func blemishes(f file) (out []string) {
	out = append(out, f.twice...)
	seen := map[string]bool{}
	for _, o := range f.objects.items {
		if id := o.objectID(); seen[id] || o.field("kind") == "" {
			out = append(out, id)
		} else {
			seen[id] = true
		}
	}
	var walk func(n *node, name string)
	walk = func(n *node, name string) {
		if n == nil {
			return
		}
		out = append(out, contradictions(name, n)...)
		for _, key := range n.names {
			walk(n.fields[key], key)
		}
		for _, keys := range append([][]string{{"name"}}, mergeKeys[name]...) {
			seen := map[string]bool{}
			for _, item := range n.items {
				id := item.identity(keys)
				if id != "" && seen[id] {
					out = append(out, name+" "+id)
				}
				seen[id] = true
			}
		}
		for _, item := range n.items {
			walk(item, name)
		}
	}
	walk(f.objects, "")
	return out
}

// editor is one kind of edit. do says whether it found a place; style edits must leave meaning and comments as they are.
type editor struct {
	style bool
	do    func(*rand.Rand, *text) bool
}

var edits = []editor{
	{false, bumpImage}, {false, bumpImage}, {false, changeValue}, {false, changeValue}, {false, changeValue},
	{false, addEnv}, {false, addEnv}, {false, addLabel}, {false, deleteBlock}, {false, deleteItem}, {false, addSidecar},
	{false, renameContainer}, {false, changeText}, {false, addObject}, {false, moveItem},
	{false, addComment}, {false, addRemark}, {false, changeComment}, {false, removeComment}, {false, commentOut},
	{true, moveBlock}, {true, reindent}, {true, breakLines}, {true, quote}, {true, flow}, {true, blankLine}, {true, endOfFile},
}

// text is a file as its lines.
type text struct {
	lines []string
	eol   string
	final bool // the last line ends in a line break
	seen  []line
}

func newText(data []byte) *text {
	t := &text{eol: "\n", final: bytes.HasSuffix(data, []byte("\n"))}
	if bytes.Contains(data, []byte("\r\n")) {
		t.eol = "\r\n"
	}
	for l := range bytes.Lines(data) {
		t.lines = append(t.lines, string(bytes.TrimRight(l, "\r\n")))
	}
	t.seen = scan(data)
	return t
}

func (t *text) bytes() []byte {
	s := strings.Join(t.lines, t.eol)
	if t.final && s != "" {
		s += t.eol
	}
	return []byte(s)
}

// insert puts lines before line i.
func (t *text) insert(i int, lines ...string) { t.lines = slices.Insert(t.lines, i, lines...) }

// entry takes a line of a mapping apart: blanks and dashes, key, blanks, value with comment.
var entry = regexp.MustCompile(`^((?: |- )*)([A-Za-z0-9_./-]+):(?:( +)(.*))?$`)

// dash is a line that begins an item.
var dash = regexp.MustCompile(`^( *)- +\S`)

// pick picks a plain line that passes a test, -1 when there is none.
func (t *text) pick(rng *rand.Rand, ok func(i int) bool) int {
	var found []int
	for i := range t.lines {
		if t.seen[i].kind == plain && ok(i) {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return -1
	}
	return found[rng.IntN(len(found))]
}

// value is the value that stands behind a key on a line, without its comment, and whether it is a scalar that ends there.
func (t *text) value(i int) (key, value string, ok bool) {
	body := t.lines[i]
	if t.seen[i].comment != "" {
		body = strings.TrimRight(body[:t.seen[i].at], " ")
	}
	m := entry.FindStringSubmatch(body)
	if m == nil || m[4] == "" || strings.ContainsAny(m[4][:1], "|>&*!{[") || i+1 < len(t.seen) && t.seen[i+1].kind == inText {
		return "", "", false
	}
	return m[2], m[4], true
}

// set replaces the value of a line and keeps its comment.
func (t *text) set(i int, old, now string) {
	at := strings.Index(t.lines[i], ":")
	t.lines[i] = t.lines[i][:at] + strings.Replace(t.lines[i][at:], old, now, 1)
}

// end is the line behind the block that begins on line i: an item, or an entry.
func (t *text) end(i int) int { return t.endAt(i, t.seen[i].indent, dash.MatchString(t.lines[i])) }

// endAt is end for a block that begins in a column of its line, such as the first entry of an item.
func (t *text) endAt(i, column int, item bool) int {
	j, last := i+1, i+1
	for ; j < len(t.lines); j++ {
		l := t.seen[j]
		deeper := l.indent > column || !item && l.kind == plain && l.indent == column && strings.HasPrefix(strings.TrimLeft(t.lines[j], " "), "- ")
		switch {
		case l.kind == boundary, (l.kind == plain || l.kind == remark) && !deeper:
			return last
		case l.kind != empty:
			last = j + 1
		}
	}
	return last
}

// kept are keys without which an object is none.
var kept = map[string]bool{"apiVersion": true, "kind": true, "metadata": true, "name": true, "namespace": true, "spec": true, "template": true, "containers": true, "selector": true, "jobTemplate": true, "matchLabels": true, "image": true}

// block picks an entry that may go, with its block.
func (t *text) block(rng *rand.Rand) (from, to int) {
	i := t.pick(rng, func(i int) bool {
		m := entry.FindStringSubmatch(t.lines[i])
		return m != nil && !strings.Contains(m[1], "-") && !kept[m[2]]
	})
	if i < 0 {
		return -1, -1
	}
	return i, t.end(i)
}

func bumpImage(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		key, value, ok := t.value(i)
		return ok && key == "image" && strings.Contains(value, ":")
	})
	if i < 0 {
		return false
	}
	_, value, _ := t.value(i)
	at := strings.LastIndexByte(value, ':')
	end := strings.TrimRight(value, `"'`)
	t.set(i, value, fmt.Sprintf("%s:%d.%d.%d%s", value[:at], 1+rng.IntN(9), rng.IntN(20), rng.IntN(20), value[len(end):]))
	return true
}

var number = regexp.MustCompile(`[0-9]+`)

func changeValue(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		key, _, ok := t.value(i)
		return ok && !kept[key]
	})
	if i < 0 {
		return false
	}
	_, value, _ := t.value(i)
	switch end := strings.TrimRight(value, `"'`); {
	case value == "true":
		t.set(i, value, "false")
	case value == "false":
		t.set(i, value, "true")
	case number.MatchString(value):
		at := number.FindStringIndex(value)
		n, err := strconv.Atoi(value[at[0]:at[1]])
		if err != nil {
			return false
		}
		t.set(i, value, fmt.Sprint(value[:at[0]], n+1+rng.IntN(9), value[at[1]:]))
	default:
		t.set(i, value, fmt.Sprintf("%s-%c%s", end, 'a'+rng.IntN(26), value[len(end):]))
	}
	return true
}

// items is the column of the items of the list that a line opens.
func (t *text) items(i int) int {
	if i+1 < len(t.lines) {
		for j := i + 1; j < t.end(i); j++ {
			if t.seen[j].kind == plain {
				return t.seen[j].indent
			}
		}
	}
	return t.seen[i].indent + 2
}

// opens says whether a line opens the collection of a key.
func (t *text) opens(i int, keys ...string) bool {
	m := entry.FindStringSubmatch(t.lines[i])
	return m != nil && !strings.Contains(m[1], "-") && slices.Contains(keys, m[2]) && (m[4] == "" || strings.HasPrefix(m[4], "#"))
}

func addEnv(rng *rand.Rand, t *text) bool {
	item := func(column int) []string {
		in := strings.Repeat(" ", column)
		return []string{fmt.Sprintf("%s- name: TEAM_%d", in, rng.IntN(1000)), fmt.Sprintf("%s  value: %q", in, strconv.Itoa(rng.IntN(100)))}
	}
	if i := t.pick(rng, func(i int) bool { return t.opens(i, "env") }); i >= 0 {
		at := i + 1
		if rng.IntN(2) == 0 {
			at = t.end(i)
		}
		t.insert(at, item(t.items(i))...)
		return true
	}
	i := t.pick(rng, func(i int) bool {
		return t.seen[i].indent > 0 && strings.HasPrefix(strings.TrimSpace(t.lines[i]), "image: ")
	})
	if i < 0 {
		return false
	}
	in := strings.Repeat(" ", t.seen[i].indent)
	t.insert(i+1, append([]string{in + "env:"}, item(t.seen[i].indent+2)...)...)
	return true
}

func addLabel(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool { return t.opens(i, "labels", "annotations") })
	if i < 0 {
		return false
	}
	t.insert(i+1, fmt.Sprintf("%steam/%c: \"%d\"", strings.Repeat(" ", t.items(i)), 'a'+rng.IntN(26), rng.IntN(100)))
	return true
}

func deleteBlock(rng *rand.Rand, t *text) bool {
	from, to := t.block(rng)
	if from < 0 {
		return false
	}
	t.lines = slices.Delete(t.lines, from, to)
	return true
}

func (t *text) item(rng *rand.Rand) int {
	return t.pick(rng, func(i int) bool { return dash.MatchString(t.lines[i]) })
}

func deleteItem(rng *rand.Rand, t *text) bool {
	i := t.item(rng)
	if i < 0 {
		return false
	}
	t.lines = slices.Delete(t.lines, i, t.end(i))
	return true
}

func addSidecar(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool { return t.opens(i, "containers") })
	if i < 0 {
		return false
	}
	at := i + 1
	if rng.IntN(2) == 0 {
		at = t.end(i)
	}
	in, n := strings.Repeat(" ", t.items(i)), rng.IntN(100)
	t.insert(at, fmt.Sprintf("%s- name: sidecar-%d # owned by the team", in, n), fmt.Sprintf("%s  image: registry.example.com/sidecar:%d", in, n))
	return true
}

func renameContainer(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		m := entry.FindStringSubmatch(t.lines[i])
		if m == nil || m[2] != "name" || !strings.Contains(m[1], "-") {
			return false
		}
		for j := i - 1; j >= 0; j-- {
			if t.seen[j].kind == plain && t.seen[j].indent <= t.seen[i].indent && !dash.MatchString(t.lines[j]) {
				return t.opens(j, "containers", "initContainers")
			}
		}
		return false
	})
	if i < 0 {
		return false
	}
	if _, value, ok := t.value(i); ok {
		t.set(i, value, fmt.Sprintf("main-%d", rng.IntN(100)))
		return true
	}
	return false
}

// changeText changes a line of a block scalar.
func changeText(rng *rand.Rand, t *text) bool {
	var found []int
	for i, l := range t.seen {
		if l.kind == inText && strings.TrimSpace(t.lines[i]) != "" {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return false
	}
	t.lines[found[rng.IntN(len(found))]] += fmt.Sprintf(" %d", rng.IntN(100))
	return true
}

func addObject(rng *rand.Rand, t *text) bool {
	if rng.IntN(4) > 0 { // teams seldom do
		return false
	}
	t.final = true
	t.insert(len(t.lines), "---", "# settings of the team", "apiVersion: v1", "kind: ConfigMap", "metadata:", fmt.Sprintf("  name: team-%d", rng.IntN(1000)), "data:", `  mode: "1"`)
	return true
}

// moveItem swaps an item with the one below it.
func moveItem(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		j := t.end(i)
		return dash.MatchString(t.lines[i]) && j < len(t.lines) && t.seen[j].kind == plain && t.seen[j].indent == t.seen[i].indent && dash.MatchString(t.lines[j])
	})
	if i < 0 {
		return false
	}
	t.swap(i, t.end(i))
	return true
}

// swap swaps the block at line i with the one at line j behind it.
func (t *text) swap(i, j int) {
	k := t.end(j)
	moved := slices.Concat(t.lines[j:k], t.lines[i:j])
	copy(t.lines[i:k], moved)
}

var words = []string{"agreed with the database team", "TODO: drop after the migration", "measured on a Monday", "see the incident of May", "do not touch"}

func word(rng *rand.Rand) string {
	return fmt.Sprintf("%s, %d", words[rng.IntN(len(words))], rng.IntN(1000))
}

func addComment(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(int) bool { return true })
	if i < 0 {
		return false
	}
	t.insert(i, strings.Repeat(" ", t.seen[i].indent)+"# "+word(rng))
	return true
}

// addRemark puts a comment at the end of a line.
func addRemark(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		return t.seen[i].comment == "" && (i+1 == len(t.seen) || t.seen[i+1].kind != inText)
	})
	if i < 0 {
		return false
	}
	t.lines[i] += " # " + word(rng)
	return true
}

func (t *text) remark(rng *rand.Rand) int {
	var found []int
	for i, l := range t.seen {
		if l.comment != "" {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		return -1
	}
	return found[rng.IntN(len(found))]
}

func changeComment(rng *rand.Rand, t *text) bool {
	i := t.remark(rng)
	if i < 0 {
		return false
	}
	if rng.IntN(2) == 0 {
		t.lines[i] += " (" + word(rng) + ")"
	} else {
		t.lines[i] = t.lines[i][:t.seen[i].at] + "# " + word(rng)
	}
	return true
}

func removeComment(rng *rand.Rand, t *text) bool {
	i := t.remark(rng)
	if i < 0 {
		return false
	}
	if t.lines[i] = strings.TrimRight(t.lines[i][:t.seen[i].at], " "); t.lines[i] == "" {
		t.lines = slices.Delete(t.lines, i, i+1)
	}
	return true
}

func commentOut(rng *rand.Rand, t *text) bool {
	from, to := t.block(rng)
	if from < 0 || rng.IntN(3) == 0 {
		if from = t.item(rng); from < 0 {
			return false
		}
		to = t.end(from)
	}
	column := t.seen[from].indent
	for i := from; i < to; i++ {
		if l := t.lines[i]; strings.TrimSpace(l) != "" {
			at := min(column, len(l)-len(strings.TrimLeft(l, " ")))
			t.lines[i] = l[:at] + "# " + l[at:]
		}
	}
	return true
}

// moveBlock swaps an entry with the one below it.
func moveBlock(rng *rand.Rand, t *text) bool {
	plainEntry := func(i int) bool {
		m := entry.FindStringSubmatch(t.lines[i])
		return m != nil && !strings.Contains(m[1], "-")
	}
	i := t.pick(rng, func(i int) bool {
		j := t.end(i)
		return plainEntry(i) && j < len(t.lines) && t.seen[j].kind == plain && t.seen[j].indent == t.seen[i].indent && plainEntry(j)
	})
	if i < 0 {
		return false
	}
	t.swap(i, t.end(i))
	return true
}

// reindent moves all lists to the column of their key, or all away from it.
func reindent(_ *rand.Rand, t *text) bool {
	shift := 0
	for i := 0; i < len(t.lines); i++ {
		m := entry.FindStringSubmatch(t.lines[i])
		if t.seen[i].kind != plain || m == nil || m[4] != "" && !strings.HasPrefix(m[4], "#") {
			continue
		}
		column, first := len(m[1]), -1
		end := t.endAt(i, column, false)
		for j := i + 1; j < end; j++ {
			if t.seen[j].kind == plain {
				first = j
				break
			}
		}
		if first < 0 || !dash.MatchString(t.lines[first]) {
			continue
		}
		want := t.seen[first].indent - column
		if shift == 0 {
			shift = 2
			if want > 0 {
				shift = -2
			}
		}
		if want == 0 && shift < 0 || want > 0 && shift > 0 || want+shift < 0 {
			continue
		}
		for j := i + 1; j < end; j++ {
			switch l := t.lines[j]; {
			case strings.TrimSpace(l) == "":
			case shift > 0:
				t.lines[j] = "  " + l
			case strings.HasPrefix(l, "  "):
				t.lines[j] = l[2:]
			}
		}
		t.seen = scan([]byte(strings.Join(t.lines, "\n")))
	}
	return shift != 0
}

// breakLines changes the line breaks of the whole file.
func breakLines(_ *rand.Rand, t *text) bool {
	if t.eol == "\n" {
		t.eol = "\r\n"
	} else {
		t.eol = "\n"
	}
	return true
}

func quote(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		_, value, ok := t.value(i)
		return ok && !strings.ContainsAny(value, `\`)
	})
	if i < 0 {
		return false
	}
	_, value, _ := t.value(i)
	bare := strings.Trim(value, `"'`)
	now := []string{bare, `"` + bare + `"`, "'" + bare + "'"}[rng.IntN(3)]
	t.set(i, value, now)
	return true
}

// flow puts a mapping of scalars on one line.
func flow(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(i int) bool {
		m := entry.FindStringSubmatch(t.lines[i])
		return m != nil && m[4] == "" && t.end(i) > i+1
	})
	if i < 0 {
		return false
	}
	end := t.end(i)
	var parts []string
	for j := i + 1; j < end; j++ {
		_, _, ok := t.value(j)
		if !ok || t.seen[j].comment != "" || t.seen[j].indent != t.seen[i+1].indent || strings.HasPrefix(strings.TrimSpace(t.lines[j]), "-") {
			return false
		}
		parts = append(parts, strings.TrimSpace(t.lines[j]))
	}
	t.lines[i] = strings.TrimRight(t.lines[i], " ") + " {" + strings.Join(parts, ", ") + "}"
	t.lines = slices.Delete(t.lines, i+1, end)
	return true
}

func blankLine(rng *rand.Rand, t *text) bool {
	i := t.pick(rng, func(int) bool { return true })
	if i < 0 {
		return false
	}
	if i > 0 && t.seen[i-1].kind == empty {
		t.lines = slices.Delete(t.lines, i-1, i)
	} else {
		t.insert(i, "")
	}
	return true
}

func endOfFile(_ *rand.Rand, t *text) bool {
	t.final = !t.final
	return true
}
