package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/rule"
)

func newExplain(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json"}}
	var ref string
	cmd := &cobra.Command{
		Use:   "explain ID|FIELD|FILE:LINE",
		Short: "explain a rule, a default, an incident, a field, or a line of a file",
		Long: "Explain shows what a rule checks and why, what a default of the golden path is for and what changes it, what a change that\n" +
			"an upgrade offers is for, or what happened in an incident, and what each is connected with. Given a field of a manifest, or a parameter of a service file, it says what the\n" +
			"paths make of it. Given a line of a manifest, it says what the field is, what lint finds there when it checks the file's\n" +
			"folder, and which defaults of the golden path are about it; of a service file, what the parameter changes.",
		Example: "  fairway explain probes-identical\n  fairway explain cascading-restarts\n  fairway explain livenessProbe.periodSeconds\n" +
			"  fairway explain deploy/checkout.yaml:41\n  fairway explain fairway.yaml:5",
		Args: exactArgs(1, "an ID, a field or FILE:LINE"),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			c, err := hereInTime(cmd, ref)
			if err != nil {
				return nil, cobra.ShellCompDirectiveDefault
			}
			web, err := c.web()
			if err != nil {
				return nil, cobra.ShellCompDirectiveDefault
			}
			return append(web.IDs(), parameterNames(c.Outlines())...), cobra.ShellCompDirectiveDefault
		},
	}
	catalogueFlag(cmd, &ref)
	choiceFlag(cmd, &output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		file, line, ok := fileAndLine(args[0])
		if ok && isServiceFile(filepath.Base(file)) || filepath.Base(file) == OrganisationFile {
			x, err := explainServiceLine(cmd.Context(), ref, file, line)
			if err != nil {
				return err
			}
			return x.write(e, output.value)
		}
		c, err := catalogueHere(cmd.Context(), ref)
		if err != nil {
			return err
		}
		web, err := c.web()
		if err != nil {
			return err
		}
		if ok {
			return explainLine(cmd.Context(), e, web, file, line, output.value)
		}
		if info, err := os.Stat(args[0]); err == nil && info.Mode().IsRegular() && !slices.Contains(web.IDs(), args[0]) {
			return &problem.Problem{What: "explain is about one line of a file", Where: args[0],
				Next: "name the line: fairway explain " + args[0] + ":LINE, or check the file: fairway lint " + args[0]}
		}
		x, err := explainName(c, web, args[0])
		if err != nil {
			return err
		}
		return x.write(e, output.value)
	}
	return cmd
}

func (e Env) textWidth() int { return min(cmp.Or(e.Width, 100), 120) }

// noArgs is cobra.NoArgs with an error that says what was not expected.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &problem.Problem{What: fmt.Sprintf("%s takes flags only, but %s is named", cmd.CommandPath(), args[0]), Next: cmd.CommandPath() + " --help"}
}

// exactArgs is cobra.ExactArgs with an error that says what is missing.
func exactArgs(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return &problem.Problem{What: fmt.Sprintf("%s needs %s, got %d arguments", cmd.Name(), what, len(args)), Next: cmd.CommandPath() + " --help"}
	}
}

// explained is the JSON form of a record.
type explained struct {
	SchemaVersion int         `json:"schemaVersion"`
	Kind          string      `json:"kind"`
	ID            string      `json:"id"`
	Title         string      `json:"title"`
	Text          string      `json:"text"`
	Why           string      `json:"why,omitempty"`
	How           string      `json:"how,omitempty"`
	Example       string      `json:"example,omitempty"`
	Value         string      `json:"value,omitempty"`
	Fields        []string    `json:"fields,omitempty"`
	Severity      string      `json:"severity,omitempty"`
	Profile       string      `json:"profile,omitempty"`
	Contest       string      `json:"contest,omitempty"`
	Gate          bool        `json:"gate,omitempty"` // the gate can make the rule hold in the API server
	Since         string      `json:"since,omitempty"`
	Origin        string      `json:"origin,omitempty"` // what a parameter or field is of
	Links         []string    `json:"links,omitempty"`
	Places        []place     `json:"places,omitempty"`
	Neighbours    []neighbour `json:"neighbours"`
}

type neighbour struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Title string `json:"title"`
	How   string `json:"how"`
}

// explainName explains a rule, a default, an incident, a change of a version, a parameter of a service file or a field, whichever has the name.
func explainName(c *openedCatalogue, web *knowledge.Web, name string) (*explained, error) {
	x := &explained{SchemaVersion: 1, ID: name, Neighbours: []neighbour{}}
	r, d, in := web.Rules.Rule(name), web.Defaults[name], web.Incidents[name]
	var paths []*goldenpath.Path
	if r == nil && in == nil { // they are about no path, and compiling paths takes its time
		var err error
		if paths, err = c.paths(); err != nil {
			return nil, err
		}
	}
	switch {
	case r != nil:
		x.Kind, x.Title, x.Why, x.How, x.Example = "rule", r.Title, r.Why, r.How, r.Example
		x.Severity, x.Profile, x.Contest, x.Since, x.Links = r.Severity.String(), r.Profile.String(), r.Contest, r.Since, r.Links
		x.Gate = r.Gate != nil
	case d != nil:
		x.Kind, x.Title, x.Value, x.Why, x.Fields, x.Since = "default", d.Title, d.Value, d.Reason, d.Fields, d.Since
		x.Places = placesOf(paths, func(s goldenpath.Setting) bool { return s.Default == name })
	case in != nil:
		x.Kind, x.Title, x.Text, x.Severity, x.Why = "incident", in.Title, in.Body, in.Severity, in.Lesson
	default:
		if change, err := c.change(name); err != nil || change != nil {
			return explainChange(web, change), err
		}
		if x := explainParameter(web, paths, name); x != nil {
			return x, nil
		}
		if x := explainField(web, paths, name); x != nil {
			return x, nil
		}
		return nil, unknownID(slices.Concat(web.IDs(), parameterNames(paths)), name)
	}
	for _, n := range web.Neighbours(name) {
		x.Neighbours = append(x.Neighbours, neighbour(n))
	}
	return x, nil
}

// change returns a named change of the catalogue's changelog, nil without one of that name.
func (c *openedCatalogue) change(id string) (*goldenpath.Change, error) {
	releases, err := c.Releases()
	if err != nil {
		return nil, err
	}
	for _, r := range releases {
		if i := slices.IndexFunc(r.Changes, func(x *goldenpath.Change) bool { return x.ID == id }); i >= 0 {
			return r.Changes[i], nil
		}
	}
	return nil, nil
}

// explainChange tells of a change that an upgrade offers, nil of none.
func explainChange(web *knowledge.Web, c *goldenpath.Change) *explained {
	if c == nil {
		return nil
	}
	x := &explained{SchemaVersion: 1, Kind: "change", ID: c.ID, Title: c.Title, Value: c.From + " -> " + c.To, Why: c.Reason, Fields: c.Fields, Severity: c.Severity, Since: c.Version, Neighbours: []neighbour{}}
	if d := web.Defaults[c.Default]; d != nil {
		x.Neighbours = append(x.Neighbours, neighbour{"default", c.Default, d.Title, "changes"})
	}
	if in := web.Incidents[c.Incident]; in != nil {
		x.Neighbours = append(x.Neighbours, neighbour{"incident", c.Incident, in.Title, "because"})
	}
	return x
}

func (x *explained) write(e Env, output string) error {
	if output == "json" {
		return writeJSON(e.Stdout, x)
	}
	return say(e.Stdout, x.text(e.textWidth()))
}

func (x *explained) text(width int) string {
	var b strings.Builder
	head := x.ID
	if x.Kind == "change" {
		head += ": " + x.Value
	} else if x.Value != "" {
		head += " = " + x.Value
	}
	label := x.Kind
	switch x.Kind {
	case "change":
		label = fmt.Sprintf("change of the golden path, %s, since %s", x.Severity, x.Since)
	case "rule":
		label = fmt.Sprintf("rule, %s, in profile %s, since %s", x.Severity, x.Profile, x.Since)
		if x.Profile == rule.Contested.String() {
			label = fmt.Sprintf("rule, %s, contested: off unless a policy names it, since %s", x.Severity, x.Since)
		}
		if x.Gate {
			label += "; fairway gate can make the API server hold it"
		}
	case "parameter", "field":
		label = x.Kind + " " + x.Origin
	case "default":
		label = "default of the golden path since " + x.Since
	case "incident":
		label = "incident, " + x.Severity
	}
	fmt.Fprintf(&b, "%s\n  %s\n", head, label)
	para := func(lead, text string) {
		if text != "" {
			b.WriteString("\n")
			for _, line := range report.Wrap(lead+text, width-2) {
				b.WriteString("  " + line + "\n")
			}
		}
	}
	para("", sentence(x.Title))
	para("", x.Why)
	para("To mend it: ", x.How)
	para("Contested: ", x.Contest)
	if x.Example != "" {
		b.WriteString("\n" + indent(x.Example, "      "))
	}
	if x.Text != "" {
		b.WriteString("\n" + indent(x.Text, "  "))
	}
	if len(x.Fields) > 0 {
		lead := "Sets: "
		if x.Kind == "change" {
			lead = "Changes: "
		}
		para(lead, strings.Join(x.Fields, ", "))
	}
	writePlaces(&b, x.Places)
	if len(x.Neighbours) > 0 {
		b.WriteString("\n")
		for _, n := range x.Neighbours {
			fmt.Fprintf(&b, "  %-11s %s %s: %s\n", n.How, n.Kind, n.ID, n.Title)
		}
	}
	for i, l := range x.Links {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "  %s\n", l)
	}
	return b.String()
}

// indent puts a prefix before every line that is not empty.
func indent(text, prefix string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString(prefix)
		}
		b.WriteString(line)
	}
	return b.String()
}

// sentence makes a title a sentence.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:] + "."
}

func unknownID(known []string, id string) error {
	p := &problem.Problem{What: fmt.Sprintf("there is no rule, default, incident or parameter called %s, and no path sets such a field", id), Next: "fairway lint rules lists the rules"}
	if near := nearest(known, id); near != "" {
		p.Next = "did you mean: fairway explain " + near
	}
	return p
}

// nearest returns the ID that shares most of its words with id, or "".
func nearest(ids []string, id string) string {
	words := strings.FieldsFunc(id, func(r rune) bool { return r == '-' || r == '_' || r == ' ' })
	best, bestScore := "", 0
	for _, x := range ids {
		score := 0
		have := strings.Split(x, "-")
		for _, w := range words {
			if slices.ContainsFunc(have, func(h string) bool { return len(w) > 2 && (strings.HasPrefix(h, w) || strings.HasPrefix(w, h)) }) {
				score += 2
			}
		}
		if score -= len(have) - len(words); score > bestScore {
			best, bestScore = x, score
		}
	}
	return best
}

var lineSuffix = regexp.MustCompile(`^(.+):(\d+)(?::\d+)?$`)

// fileAndLine splits FILE:LINE or FILE:LINE:COLUMN.
func fileAndLine(arg string) (file string, line int, ok bool) {
	m := lineSuffix.FindStringSubmatch(arg)
	if m == nil {
		return "", 0, false
	}
	_, err := fmt.Sscan(m[2], &line)
	return m[1], line, err == nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// explainLine says what a line of a manifest is, what was found there, and which defaults are about it.
func explainLine(ctx context.Context, e Env, web *knowledge.Web, file string, line int, output string) error {
	o, err := new(lintFlags).options(ctx, e)
	if err != nil {
		return err
	}
	in, err := load.Load(ctx, []string{file}, load.Options{Stdin: e.Stdin, Helm: helm()})
	if err != nil {
		return err
	}
	result, err := lint.Check(in, o)
	if err != nil {
		return err
	}
	name := load.StdinName
	if file != "-" {
		name = filepath.ToSlash(filepath.Clean(file))
	}
	x, err := lint.At(result, name, line)
	if err != nil {
		return &problem.Problem{What: err.Error(), Where: fmt.Sprintf("%s:%d", file, line), Next: "name a line that holds a field"}
	}
	answer := explainedLine{SchemaVersion: 1, File: file, Line: line, Object: x.Object, Field: x.Field, Alone: true, Findings: []foundHere{}, Defaults: []neighbour{}}
	if dir := filepath.Dir(file); file != "-" && !moreFiles(dir, folderFiles) {
		in, err := load.Load(ctx, []string{dir}, load.Options{Helm: helm()})
		if err == nil && in.FileByName()(name) != nil {
			if result, err = lint.Check(in, o); err != nil {
				return err
			}
			x.Findings, answer.Alone = lint.On(result, name, line), false
		}
	}
	for _, f := range x.Findings {
		answer.Findings = append(answer.Findings, foundHere{f.Rule, f.Severity.String(), f.Message})
	}
	for _, d := range web.DefaultsFor(x.Field) {
		answer.Defaults = append(answer.Defaults, neighbour{"default", d.ID, d.Title, "is about this field"})
	}
	if output == "json" {
		return writeJSON(e.Stdout, answer)
	}
	return say(e.Stdout, answer.text(e.textWidth()))
}

// folderFiles is how many files a folder holds at most to be checked for the sake of one line.
const folderFiles = 2000

// moreFiles reports whether a folder holds more than n files.
func moreFiles(dir string, n int) bool {
	err := filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if n--; n < 0 {
				return fs.SkipAll
			}
		}
		return nil
	})
	return err != nil || n < 0
}

// explainedLine is the JSON form of a line.
type explainedLine struct {
	SchemaVersion int         `json:"schemaVersion"`
	File          string      `json:"file"`
	Line          int         `json:"line"`
	Object        finding.Ref `json:"object"`
	Field         string      `json:"field"`
	Alone         bool        `json:"alone"` // only the file was looked at, not its folder
	Findings      []foundHere `json:"findings"`
	Defaults      []neighbour `json:"defaults"`
}

type foundHere struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Message  string `json:"message"`
}

func (x explainedLine) text(width int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d\n  %s of %s (%s)\n", report.Clean(x.File), x.Line,
		report.Clean(cmp.Or(x.Field, "the object")), report.Clean(x.Object.String()), report.Clean(x.Object.APIVersion))
	if len(x.Findings) == 0 {
		b.WriteString("\n  Nothing was found on this line.\n")
	}
	if x.Alone {
		b.WriteString("  Only this file was looked at; fairway lint checks it together with others.\n")
	}
	for _, f := range x.Findings {
		fmt.Fprintf(&b, "\n  %s  %s\n", f.Severity, f.Rule)
		for _, line := range report.Wrap(report.Clean(f.Message), width-4) {
			b.WriteString("    " + line + "\n")
		}
		fmt.Fprintf(&b, "    fairway explain %s\n", f.Rule)
	}
	if len(x.Defaults) > 0 {
		b.WriteString("\n")
	}
	for _, d := range x.Defaults {
		fmt.Fprintf(&b, "  default %s: %s\n", d.ID, d.Title)
	}
	return b.String()
}
