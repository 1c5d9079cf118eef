package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

func newChangelog(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json"}}
	var ref string
	cmd := &cobra.Command{
		Use:   "changelog [SHAPE[@VERSION]]",
		Short: "tell what each version of the golden paths brought",
		Long: "Changelog lists what each version of the golden paths changed and which defaults it brought, the newest first, with the reason and the incident\n" +
			"behind each, what is left to do by hand, and until when a version is good enough.",
		Example:           "  fairway changelog\n  fairway changelog cron-job\n  fairway changelog stateless-service@1.0.0 --output json\n  fairway changelog --catalogue ../catalogue-kore",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeShapes(&ref),
	}
	catalogueFlag(cmd, &ref)
	choiceFlag(cmd, &output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := catalogueHere(cmd.Context(), ref)
		if err != nil {
			return err
		}
		log, err := changelogOf(c, strings.Join(args, ""))
		if err != nil {
			return err
		}
		if output.value == "json" {
			return writeJSON(e.Stdout, log)
		}
		return say(e.Stdout, log.text(e.textWidth()))
	}
	return cmd
}

// changelog is the JSON form of what versions brought.
type changelog struct {
	SchemaVersion int            `json:"schemaVersion"`
	Versions      []versionNotes `json:"versions"` // the newest first
}

type versionNotes struct {
	Version    string          `json:"version"`
	Date       string          `json:"date,omitempty"`
	Summary    string          `json:"summary,omitempty"`
	Deprecated *deprecation    `json:"deprecated,omitempty"`
	Migration  string          `json:"migration,omitempty"` // Markdown: what to do by hand
	Changes    []changeOfValue `json:"changes"`
	Defaults   []newDefault    `json:"defaults"`
}

type deprecation struct {
	Since  string `json:"since"`
	Sunset string `json:"sunset"`
	Why    string `json:"why"`
}

// changeOfValue is a default that has another value than in the version before.
type changeOfValue struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Default  string   `json:"default"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	Fields   []string `json:"fields"`
	Reason   string   `json:"reason"`
	Incident string   `json:"incident"`
	Severity string   `json:"severity"`
	Sunset   string   `json:"sunset,omitempty"`
	Shapes   []string `json:"shapes"`
}

type newDefault struct {
	ID       string   `json:"id"`
	Title    string   `json:"title"`
	Value    string   `json:"value"`
	Reason   string   `json:"reason"`
	Incident string   `json:"incident"`
	Shapes   []string `json:"shapes"`
}

// changelogOf makes the changelog of all paths, or of the one that is named: SHAPE for all of its versions, SHAPE@VERSION for those up to it.
func changelogOf(c *openedCatalogue, name string) (*changelog, error) {
	web, err := c.web()
	if err != nil {
		return nil, err
	}
	releases, err := c.Releases()
	if err != nil {
		return nil, &problem.Problem{What: "the changelog of the catalogue has faults", Where: c.ref, Why: err.Error(), Next: "tell those who keep the catalogue", Err: err}
	}
	shapes, upTo := c.Shapes(), ""
	if name != "" {
		shape, version, err := c.Find(name)
		if err != nil {
			return nil, unknownPath(err, "")
		}
		shapes = []string{shape}
		if strings.Contains(name, "@") {
			upTo = version
		}
	}
	log := &changelog{SchemaVersion: 1, Versions: []versionNotes{}}
	for _, r := range releases {
		var has []string // the shapes that have the version
		for _, shape := range shapes {
			if slices.Contains(c.Versions(shape), r.Version) {
				has = append(has, shape)
			}
		}
		if len(has) == 0 {
			continue
		}
		v := log.version(r.Version)
		v.Date, v.Summary, v.Migration = r.Date, r.Summary, r.Migration
		if r.Deprecated != nil {
			v.Deprecated = (*deprecation)(r.Deprecated)
		}
		for _, x := range r.Changes {
			of := slices.DeleteFunc(slices.Clone(has), func(s string) bool { return len(x.Shapes) > 0 && !slices.Contains(x.Shapes, s) })
			if len(of) > 0 {
				v.Changes = append(v.Changes, changeOfValue{x.ID, x.Title, x.Default, x.From, x.To, x.Fields, x.Reason, x.Incident, x.Severity, x.Sunset, of})
			}
		}
	}
	if err := log.addDefaults(c, web, shapes, name == "" && c.ref == ""); err != nil {
		return nil, err
	}
	slices.SortFunc(log.Versions, func(a, b versionNotes) int { return goldenpath.CompareVersions(b.Version, a.Version) })
	if upTo != "" {
		log.Versions = slices.DeleteFunc(log.Versions, func(v versionNotes) bool { return goldenpath.CompareVersions(v.Version, upTo) > 0 })
	}
	return log, nil
}

// version returns the notes of a version.
func (c *changelog) version(version string) *versionNotes {
	i := slices.IndexFunc(c.Versions, func(v versionNotes) bool { return v.Version == version })
	if i < 0 {
		i = len(c.Versions)
		c.Versions = append(c.Versions, versionNotes{Version: version, Changes: []changeOfValue{}, Defaults: []newDefault{}})
	}
	return &c.Versions[i]
}

// addDefaults adds each default to the first version in which a shape has it. Those that no shape has are left out, unless all are wanted.
func (c *changelog) addDefaults(catalogue *openedCatalogue, web *knowledge.Web, shapes []string, all bool) error {
	users, first := map[string][]string{}, map[string]string{}
	for _, shape := range shapes {
		for _, version := range catalogue.Versions(shape) {
			p, err := catalogue.Path(shape + "@" + version)
			if err != nil {
				return err
			}
			for _, s := range p.Settings() {
				if !slices.Contains(users[s.Default], shape) {
					users[s.Default] = append(users[s.Default], shape)
				}
				if was, ok := first[s.Default]; !ok || goldenpath.CompareVersions(version, was) < 0 {
					first[s.Default] = version
				}
			}
		}
	}
	for _, id := range web.IDs() {
		if d := web.Defaults[id]; d != nil && (all || users[id] != nil) {
			v := c.version(cmp.Or(first[id], d.Since))
			v.Defaults = append(v.Defaults, newDefault{id, d.Title, d.Value, d.Reason, d.Incident, append([]string{}, users[id]...)})
		}
	}
	return nil
}

func (c *changelog) text(width int) string {
	var b strings.Builder
	para := func(indent, text string) {
		for _, line := range report.Wrap(text, width-len(indent)) {
			b.WriteString(indent + line + "\n")
		}
	}
	for i, v := range c.Versions {
		if i > 0 {
			b.WriteString("\n")
		}
		var counts []string
		if len(v.Changes) > 0 {
			counts = append(counts, report.Count(len(v.Changes), "change", "changes"))
		}
		if len(v.Defaults) > 0 {
			counts = append(counts, report.Count(len(v.Defaults), "new default", "new defaults"))
		}
		b.WriteString(strings.Join(slices.DeleteFunc([]string{v.Version, v.Date, strings.Join(counts, ", ")}, func(s string) bool { return s == "" }), "  ") + "\n")
		if v.Summary != "" {
			para("  ", sentence(v.Summary))
		}
		if d := v.Deprecated; d != nil {
			para("  ", fmt.Sprintf("Deprecated since %s, ends on %s: %s", d.Since, d.Sunset, d.Why))
		}
		for _, x := range v.Changes {
			fmt.Fprintf(&b, "\n  %s (%s): %s -> %s\n", x.ID, x.Severity, x.From, x.To)
			para("    ", sentence(x.Title)+" "+x.Reason)
			because := "because of " + x.Incident
			if x.Sunset != "" {
				because += "; " + x.From + " is accepted until " + x.Sunset
			}
			para("    ", because)
		}
		for _, d := range v.Defaults {
			fmt.Fprintf(&b, "\n  %s = %s\n", d.ID, d.Value)
			para("    ", d.Title+". "+d.Reason)
			fmt.Fprintf(&b, "    because of %s\n", d.Incident)
		}
		if v.Migration != "" {
			b.WriteString("\n  By hand:\n" + indent(strings.TrimSpace(report.CleanLines(v.Migration))+"\n", "    "))
		}
	}
	if len(c.Versions) == 0 {
		b.WriteString("no version brought a default\n")
	}
	return b.String()
}
