package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/report"
)

func newChangelog(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json"}}
	cmd := &cobra.Command{
		Use:               "changelog [SHAPE[@VERSION]]",
		Short:             "tell what each version of the golden paths brought",
		Long:              "Changelog lists the defaults of the golden paths under the version that brought them, the newest first, with the incident behind each.",
		Example:           "  fairway changelog\n  fairway changelog cron-job\n  fairway changelog stateless-service@1.0.0 --output json",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: completeShapes,
	}
	choiceFlag(cmd, &output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		log, err := changelogOf(args)
		if err != nil {
			return err
		}
		if output.value == "json" {
			return writeJSON(e.Stdout, log)
		}
		_, err = io.WriteString(e.Stdout, log.text(e.textWidth()))
		return err
	}
	return cmd
}

// changelog is the JSON form of what versions brought.
type changelog struct {
	SchemaVersion int            `json:"schemaVersion"`
	Versions      []versionNotes `json:"versions"` // the newest first
}

type versionNotes struct {
	Version  string       `json:"version"`
	Defaults []newDefault `json:"defaults"`
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
func changelogOf(args []string) (*changelog, error) {
	web, err := loadWeb()
	if err != nil {
		return nil, err
	}
	catalogue, err := goldenpath.Open(content.FS)
	if err != nil {
		return nil, err
	}
	shapes, upTo := catalogue.Shapes(), ""
	if len(args) == 1 {
		p, err := catalogue.Path(args[0])
		if err != nil {
			return nil, unknownPath(err, "")
		}
		shapes = []string{p.Shape}
		if strings.Contains(args[0], "@") {
			upTo = p.Version
		}
	}
	users := map[string][]string{} // shapes by default
	for _, shape := range shapes {
		for _, version := range catalogue.Versions(shape) {
			p, err := catalogue.Path(shape + "@" + version)
			if err != nil {
				return nil, err
			}
			for _, s := range p.Settings() {
				if !slices.Contains(users[s.Default], shape) {
					users[s.Default] = append(users[s.Default], shape)
				}
			}
		}
	}
	return newChangelogOf(web, users, upTo, len(args) == 0), nil
}

// newChangelogOf groups defaults by the version that brought them. Defaults that no shape uses are left out, unless all are wanted.
func newChangelogOf(web *knowledge.Web, users map[string][]string, upTo string, all bool) *changelog {
	log := &changelog{SchemaVersion: 1, Versions: []versionNotes{}}
	for _, id := range web.IDs() {
		d := web.Defaults[id]
		if d == nil || users[id] == nil && !all || upTo != "" && goldenpath.CompareVersions(d.Since, upTo) > 0 {
			continue
		}
		i := slices.IndexFunc(log.Versions, func(v versionNotes) bool { return v.Version == d.Since })
		if i < 0 {
			i = len(log.Versions)
			log.Versions = append(log.Versions, versionNotes{Version: d.Since})
		}
		v := &log.Versions[i]
		v.Defaults = append(v.Defaults, newDefault{id, d.Title, d.Value, d.Reason, d.Incident, append([]string{}, users[id]...)})
	}
	slices.SortFunc(log.Versions, func(a, b versionNotes) int { return goldenpath.CompareVersions(b.Version, a.Version) })
	return log
}

func (c *changelog) text(width int) string {
	var b strings.Builder
	for i, v := range c.Versions {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s  %s\n", v.Version, report.Count(len(v.Defaults), "new default", "new defaults"))
		for _, d := range v.Defaults {
			fmt.Fprintf(&b, "\n  %s = %s\n", d.ID, d.Value)
			for _, line := range report.Wrap(d.Title+". "+d.Reason, width-4) {
				fmt.Fprintf(&b, "    %s\n", line)
			}
			fmt.Fprintf(&b, "    because of %s\n", d.Incident)
		}
	}
	if len(c.Versions) == 0 {
		b.WriteString("no version brought a default\n")
	}
	return b.String()
}
