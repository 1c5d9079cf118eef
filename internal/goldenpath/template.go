package goldenpath

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/source"
)

// template is a manifest cut into pieces.
type template struct {
	name     string
	pieces   []piece
	settings []setting
}

// piece is a stretch of a template. Exactly one of its forms is used.
type piece struct {
	line int // in the template, for errors

	text string // as it is

	value *expression // written as a YAML value
	quote byte        // in these quotes, 0: where needed
	flow  bool        // within brackets

	words []piece // a scalar with placeholders: text and embedded expressions, written as one string
	embed *expression

	// A block is left out unless when holds, or repeated with a variable for each element.
	when     *expression
	variable string
	each     *expression
	block    []piece
}

// setAside matches the mark of a line that a template has and does not show.
var setAside = regexp.MustCompile(`(?m)^( *)#\+ `)

// compile cuts a template into pieces. Placeholders are words and the expressions they stand for.
func compile(name string, data []byte, s scope, placeholders map[string]string) (*template, error) {
	f := source.Parse(name, setAside.ReplaceAll(data, []byte("$1")))
	for _, d := range f.Docs {
		if d.Err != nil {
			return nil, fmt.Errorf("%s: %w", name, d.Err)
		}
	}
	if len(f.Docs) != 1 {
		return nil, fmt.Errorf("%s: a template is one document, and this file has %d", name, len(f.Docs))
	}
	c := compiler{file: f, marks: map[int]source.Comment{}, scalars: map[int][]source.Node{}, values: map[int]source.Node{},
		fields: map[int]string{}, flow: map[source.Node]bool{}}
	for _, comment := range f.Comments {
		c.marks[f.Position(comment.Start).Line] = comment
	}
	c.words = slices.SortedFunc(maps.Keys(placeholders), func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	c.placeholders = placeholders
	c.collect(f.Docs[0].Root, "", false)
	pieces, err := c.lines(1, f.LineCount()+1, s)
	if err != nil {
		return nil, err
	}
	return &template{name, pieces, c.settings}, nil
}

type compiler struct {
	file         *source.File
	marks        map[int]source.Comment // by line
	scalars      map[int][]source.Node  // those with a placeholder in them, by the line they begin in
	values       map[int]source.Node    // the value that a mark behind it would set, by line
	fields       map[int]string         // the first field that a line begins, by line
	flow         map[source.Node]bool   // stands within brackets
	words        []string               // placeholders, longer ones first
	placeholders map[string]string
	conditions   []*expression // that hold where the compiler is, and lists that are gone through there
	settings     []setting
}

// collect notes the scalars of a tree, which a path leads to, by their lines.
func (c *compiler) collect(n source.Node, path string, flow bool) {
	note := func(n source.Node) {
		line := n.Position().Line
		if slices.ContainsFunc(c.words, func(w string) bool { return strings.Contains(n.Raw(), w) }) {
			c.scalars[line] = append(c.scalars[line], n)
			c.flow[n] = flow
		}
	}
	flow = flow || n.Kind() != source.Scalar && n.Style() == source.Flow
	switch n.Kind() {
	case source.Mapping:
		for e := range n.Entries() {
			note(e.Key)
			c.value(e.Value, flow)
			below := strings.TrimPrefix(path+"."+e.Key.Text(), ".")
			if key := e.Key.Text(); strings.Contains(key, ".") {
				below = path + "[" + key + "]"
			}
			if line := e.Key.Position().Line; c.fields[line] == "" {
				c.fields[line] = below
			}
			c.collect(e.Value, below, flow)
		}
	case source.Sequence:
		for _, item := range n.Items() {
			c.value(item, flow)
			if line := item.Position().Line; (item.Kind() == source.Scalar || item.Style() == source.Flow) && c.fields[line] == "" {
				c.fields[line] = path + "[]"
			}
			c.collect(item, path+"[]", flow)
		}
	case source.Scalar:
		note(n)
	}
}

// value notes the outermost value that is written on one line.
func (c *compiler) value(n source.Node, flow bool) {
	line := n.Position().Line
	_, taken := c.values[line]
	oneLine := c.file.Position(n.Span().End).Line == line && (n.Kind() == source.Scalar || n.Style() == source.Flow)
	if !taken && !flow && oneLine {
		c.values[line] = n
	}
}

func (c *compiler) fail(line int, err error) error {
	return fmt.Errorf("%s:%d: %w", c.file.Name, line, err)
}

// lines cuts the lines from one up to, but not including, another.
func (c *compiler) lines(from, to int, s scope) ([]piece, error) {
	var out []piece
	for line := from; line < to; line++ {
		mark, has := c.marks[line]
		text := c.file.Line(line)
		body := ""
		if has {
			body = string(c.file.Data[mark.Start:mark.End])
		}
		if c.isMark(line) {
			p, end, err := c.block(line, to, body, s)
			if err != nil {
				return nil, c.fail(line, err)
			}
			out = append(out, p)
			line = end - 1
			continue
		}
		pieces, err := c.line(line, text, mark, body, has, s)
		if err != nil {
			return nil, c.fail(line, err)
		}
		out = append(out, pieces...)
		out = append(out, piece{line: line, text: "\n"})
	}
	return out, nil
}

// block is the entry or item below a mark, up to the next line that is not indented more, or the comment behind a condition.
func (c *compiler) block(line, to int, body string, s scope) (p piece, end int, err error) {
	p.line = line
	remark := ""
	if rest, ok := strings.CutPrefix(body, "#if "); ok {
		rest, remark, _ = strings.Cut(rest, " # ")
		p.when, err = s.compile(strings.TrimSpace(rest))
	} else {
		variable, list, ok := strings.Cut(strings.TrimPrefix(body, "#for "), " in ")
		if !ok {
			return p, 0, fmt.Errorf("%s has no \" in \"", body)
		}
		p.variable = strings.TrimSpace(variable)
		if p.each, err = s.compile(strings.TrimSpace(list)); err == nil {
			s, err = s.with(p.variable)
		}
	}
	if err != nil {
		return p, 0, err
	}
	if remark != "" {
		indent, _ := indentation(c.file.Line(line))
		p.block, err = interpolate(strings.Repeat(" ", indent)+"# "+remark+"\n", line, s)
		return p, line + 1, err
	}
	c.conditions = append(c.conditions, cmp.Or(p.when, p.each))
	defer func() { c.conditions = c.conditions[:len(c.conditions)-1] }()
	first := line + 1
	for first < to && c.own(first) && !c.isMark(first) {
		first++ // comments about the block
	}
	if first >= to {
		return p, 0, fmt.Errorf("nothing follows %s", body)
	}
	if c.isMark(first) { // a mark on a mark: both are about what follows
		mark := c.marks[first]
		inner, end, err := c.block(first, to, string(c.file.Data[mark.Start:mark.End]), s)
		if err != nil {
			return p, 0, err
		}
		before, err := c.lines(line+1, first, s)
		p.block = append(before, inner)
		return p, end, err
	}
	indent, dash := indentation(c.file.Line(first))
	end = first + 1
	last := end
	for ; end < to; end++ {
		text := c.file.Line(end)
		if strings.TrimSpace(text) == "" {
			continue
		}
		in, item := indentation(text)
		if in < indent || in == indent && !(item && !dash) || c.own(end) && in <= indent {
			break
		}
		last = end + 1
	}
	end = last
	p.block, err = c.lines(line+1, end, s)
	return p, end, err
}

func (c *compiler) own(line int) bool { m, ok := c.marks[line]; return ok && m.Own }

func (c *compiler) isMark(line int) bool {
	m, ok := c.marks[line]
	return ok && m.Own && (bytes.HasPrefix(c.file.Data[m.Start:], []byte("#if ")) || bytes.HasPrefix(c.file.Data[m.Start:], []byte("#for ")))
}

// indentation returns how far a line is indented, and whether it begins a list item.
func indentation(line string) (columns int, item bool) {
	body := strings.TrimLeft(line, " ")
	return len(line) - len(body), strings.HasPrefix(body, "- ") || body == "-"
}

// line cuts one line.
func (c *compiler) line(line int, text string, mark source.Comment, body string, has bool, s scope) ([]piece, error) {
	start := c.start(line)
	end := start + len(text)
	var out []piece
	at := start
	upTo := func(offset int) {
		if offset > at {
			out = append(out, piece{line: line, text: string(c.file.Data[at:offset])})
		}
		at = offset
	}
	var target source.Node
	code, comment := "", ""
	if has {
		if rest, ok := strings.CutPrefix(body, "#= "); ok {
			if target = c.values[line]; target.IsZero() {
				return nil, fmt.Errorf("%s stands behind no value", body)
			}
			code, comment, _ = strings.Cut(rest, " # ")
		} else {
			comment = strings.TrimPrefix(body, "#")
		}
	}
	stop := end
	if has {
		stop = mark.Start
	}
	var set *expression
	for _, n := range c.scalars[line] {
		if !target.IsZero() && n.Span().Start >= target.Span().Start {
			break
		}
		if c.file.Position(n.Span().End).Line != line {
			return nil, fmt.Errorf("a placeholder stands in a text of several lines")
		}
		upTo(n.Span().Start)
		words, err := c.split(n.Text(), s)
		if err != nil {
			return nil, err
		}
		p := piece{line: line, words: words, flow: c.flow[n]}
		if n.Style() != source.Plain {
			p.quote = c.file.Data[n.Span().Start]
		}
		out = append(out, p)
		at = n.Span().End
	}
	if !target.IsZero() {
		upTo(target.Span().Start)
		e, err := s.compile(strings.TrimSpace(code))
		if err != nil {
			return nil, err
		}
		set = e
		p := piece{line: line, value: e}
		if target.Kind() == source.Scalar && target.Style() != source.Plain {
			p.quote = c.file.Data[target.Span().Start]
		}
		out = append(out, p)
		at = stop // what is between the value and the mark is white space
		if comment != "" {
			out = append(out, piece{line: line, text: "  # "})
		}
	} else {
		if has {
			upTo(stop)
			out = append(out, piece{line: line, text: "#"})
		} else {
			upTo(end)
		}
	}
	if id := defaultInComment.FindStringSubmatch(comment); id != nil && c.fields[line] != "" && !mark.Own {
		x := setting{Setting{Default: id[1], File: c.file.Name, Field: c.fields[line], Value: c.values[line].Raw()}, slices.Clone(c.conditions)}
		if set != nil {
			x.by = append(x.by, set)
		}
		c.settings = append(c.settings, x)
	}
	if comment != "" {
		parts, err := interpolate(comment, line, s)
		if err != nil {
			return nil, err
		}
		out = append(out, parts...)
	}
	return out, nil
}

func (c *compiler) start(line int) int {
	// Lines are looked up seldom, and templates are small.
	at := 0
	for range line - 1 {
		at += bytes.IndexByte(c.file.Data[at:], '\n') + 1
	}
	return at
}

// split cuts a text at its placeholders.
func (c *compiler) split(text string, s scope) ([]piece, error) {
	var out []piece
	for text != "" {
		at, word := len(text), ""
		for _, w := range c.words {
			if i := strings.Index(text, w); i >= 0 && i < at {
				at, word = i, w
			}
		}
		if at > 0 {
			out = append(out, piece{text: text[:at]})
		}
		if word == "" {
			break
		}
		e, err := s.compile(c.placeholders[word])
		if err != nil {
			return nil, err
		}
		out = append(out, piece{embed: e})
		text = text[at+len(word):]
	}
	return out, nil
}

// interpolate cuts a text at its {expressions}.
func interpolate(text string, line int, s scope) ([]piece, error) {
	var out []piece
	for text != "" {
		before, rest, ok := strings.Cut(text, "{")
		if before != "" {
			out = append(out, piece{line: line, text: before})
		}
		if !ok {
			break
		}
		code, after, ok := strings.Cut(rest, "}")
		if !ok {
			return nil, fmt.Errorf("the { in %q is not closed", text)
		}
		e, err := s.compile(code)
		if err != nil {
			return nil, err
		}
		out = append(out, piece{line: line, embed: e})
		text = after
	}
	return out, nil
}

// sentence puts a text with expressions together.
func sentence(pieces []piece, vars map[string]any) (string, error) {
	var b strings.Builder
	for i := range pieces {
		if pieces[i].embed == nil {
			b.WriteString(pieces[i].text)
			continue
		}
		v, err := pieces[i].embed.eval(vars)
		if err != nil {
			return "", err
		}
		b.WriteString(plainText(v))
	}
	return b.String(), nil
}

// render writes a template with the values of variables.
func (t *template) render(vars map[string]any) ([]byte, error) {
	var b bytes.Buffer
	if err := t.write(&b, t.pieces, vars); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (t *template) write(b *bytes.Buffer, pieces []piece, vars map[string]any) error {
	for i := range pieces {
		if err := t.piece(b, &pieces[i], vars); err != nil {
			return err
		}
	}
	return nil
}

func (t *template) piece(b *bytes.Buffer, p *piece, vars map[string]any) error {
	fail := func(err error) error { return fmt.Errorf("%s:%d: %w", t.name, p.line, err) }
	switch {
	case p.value != nil:
		v, err := p.value.eval(vars)
		if err != nil {
			return fail(err)
		}
		b.WriteString(yamlValue(v).Inline(p.quote, p.flow))
	case p.words != nil:
		text, err := sentence(p.words, vars)
		if err != nil {
			return fail(err)
		}
		b.WriteString(source.String(text).Inline(p.quote, p.flow))
	case p.embed != nil:
		v, err := p.embed.eval(vars)
		if err != nil {
			return fail(err)
		}
		b.WriteString(strings.NewReplacer("\n", " ", "\r", " ").Replace(plainText(v)))
	case p.when != nil:
		holds, err := p.when.evalBool(vars)
		if err != nil {
			return fail(err)
		}
		if holds {
			return t.write(b, p.block, vars)
		}
	case p.each != nil:
		v, err := p.each.eval(vars)
		if err != nil {
			return fail(err)
		}
		list, ok := v.([]any)
		if !ok && v != nil {
			return fail(fmt.Errorf("expression %s gives no list", p.each.text))
		}
		inner := maps.Clone(vars)
		for _, x := range list {
			inner[p.variable] = x
			if err := t.write(b, p.block, inner); err != nil {
				return err
			}
		}
	default:
		b.WriteString(p.text)
	}
	return nil
}
