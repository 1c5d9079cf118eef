package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/content"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/knowledge"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

// PolicyFile is the name under which a policy is found, in the working directory or the nearest folder above it.
const PolicyFile = ".fairway-lint.yaml"

// lintFlags are the flags of fairway lint.
type lintFlags struct {
	output, profile, failOn, color choice
	rules, enable                  []string
	policy, baseline, since        string
	kubernetes                     string
	fix, diff, full, quiet         bool
	writeBaseline                  bool
	live                           bool
	from                           string
	cluster                        clusterFlags
	// firstVisit is true when nobody has chosen rules yet, by flag or by policy.
	firstVisit bool
}

func newLint(e Env) *cobra.Command {
	f := &lintFlags{
		output:  choice{value: "text", choices: []string{"text", "json", "sarif", "junit", "github", "markdown"}},
		profile: choice{choices: []string{"basic", "golden", "strict"}},
		failOn:  choice{value: "should", choices: []string{"must", "should", "could", "never"}},
		color:   choice{value: "auto", choices: []string{"auto", "always", "never"}},
	}
	cmd := &cobra.Command{
		Use:   "lint [PATH...]",
		Short: "check manifests, explain what is wrong, and mend it",
		Long: "Lint checks Kubernetes YAML and JSON: files, folders, kustomize folders (built in process), Helm charts (through your helm)\n" +
			"and - for standard input. It says what the API server would refuse, what will hurt, why, and how to mend it. Rules that\n" +
			"need an object which is not in the input say unknown instead of guessing.\n\n" +
			"Without a path it checks the working directory. It needs no cluster, no network and no configuration.\n\n" +
			"--live checks what a cluster holds instead, --from what an archive of one does; places are then objects and fields. What may\n" +
			"not be listed is unknown, and no error.\n\n" +
			"Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage, 3 part of the input could not be read,\n" +
			"or nothing could be checked, such as a chart without helm, 10 the cluster of --live could not be asked: it does not answer,\n" +
			"its certificate is not good, or it does not know who asks.",
		Example: "  fairway lint deploy/\n" +
			"  fairway lint --fix deploy/                          mend what can be mended safely\n" +
			"  fairway lint --diff deploy/ | git apply             the same, through your own hands\n" +
			"  fairway lint --since origin/main -o github          findings in changed files only, as annotations\n" +
			"  helm template . | fairway lint -\n" +
			"  fairway lint --live -n shop                         what is in a namespace now\n" +
			"  fairway lint --write-baseline --baseline known.json accept what is there; only new findings fail from now on",
	}
	flags := cmd.Flags()
	choiceFlag(cmd, &f.output, "output", "o", "how to show the result")
	choiceFlag(cmd, &f.profile, "profile", "", "which rules: basic for a first visit, golden (the default), strict")
	choiceFlag(cmd, &f.failOn, "fail-on", "", "the least severity that makes the exit code 1")
	choiceFlag(cmd, &f.color, "color", "", "when to use colour")
	flags.StringSliceVar(&f.rules, "rule", nil, "run only these rules, whatever the profile")
	flags.StringSliceVar(&f.enable, "enable", nil, "run these rules as well, such as contested ones")
	flags.StringVar(&f.policy, "policy", "", "policy file (default: "+PolicyFile+" here or in a folder above)")
	flags.StringVar(&f.kubernetes, "kubernetes-version", "", "the version the manifests are meant for, such as 1.34 (default: the newest known)")
	flags.BoolVar(&f.fix, "fix", false, "mend what can be mended safely, in place")
	flags.BoolVar(&f.diff, "diff", false, "print what --fix would change as a unified diff, and change nothing")
	flags.StringVar(&f.baseline, "baseline", "", "file of accepted findings; only others are shown")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "write all findings to the --baseline file and accept them")
	flags.StringVar(&f.since, "since", "", "show findings only in files that changed since this Git revision")
	flags.BoolVar(&f.full, "full", false, "show every finding in full instead of folding repeats")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "one line per finding; with --full, per unknown as well")
	flags.BoolVar(&f.live, "live", false, "check what a cluster holds: the context's namespace, or -n NAMESPACE, or -A")
	flags.StringVar(&f.from, "from", "", "check what an archive of a cluster holds: of fairway dump, kubectl cluster-info dump, must-gather, a support bundle; - for standard input")
	f.cluster.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("rule", completeRules)
	_ = cmd.RegisterFlagCompletionFunc("enable", completeRules)
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return runLint(cmd.Context(), e, f, args) }
	cmd.AddCommand(newLintRules(e))
	return cmd
}

func completeRules(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	var ids []string
	for _, r := range catalogue.New().Rules {
		ids = append(ids, r.ID+"\t"+r.Title)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

func runLint(ctx context.Context, e Env, f *lintFlags, paths []string) error {
	start := e.Now()
	if err := f.source(paths); err != nil {
		return err
	}
	o, err := f.options(ctx, e)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	switch {
	case f.live:
		return f.checkLive(ctx, e, o, start)
	case f.from != "":
		return f.checkDump(e, o, start)
	}
	if f.fix && slices.Contains(paths, "-") {
		return &problem.Problem{What: "standard input cannot be mended in place", Next: "use --diff, or name the files"}
	}
	in, err := load.Load(ctx, paths, load.Options{Stdin: e.Stdin, Helm: helm()})
	if err != nil {
		return err
	}
	if len(in.Objects) == 0 {
		why := ": there is no Kubernetes object"
		if len(report.Unchecked(in.Skipped)) > 0 {
			why = "" // the answer says why
		}
		names := strings.Join(paths, ", ")
		if names == "-" {
			names = "standard input"
		}
		fmt.Fprintf(e.Stderr, "fairway: nothing was checked%s in %s\n", why, report.Clean(names))
	}
	if f.fix || f.diff {
		return f.mend(ctx, e, paths, in, o, start)
	}
	return f.check(e, in, o, start)
}

// check checks what was read and shows what was found.
func (f *lintFlags) check(e Env, in *load.Input, o lint.Options, start time.Time) error {
	result, err := lint.Check(in, o)
	if err != nil {
		return &problem.Problem{What: err.Error(), Next: "fairway lint rules lists the rules"}
	}
	if f.writeBaseline {
		if err := store.WriteFile(f.baseline, lint.NewBaseline(result.Findings, namesFrom(f.baseline)).Encode()); err != nil {
			return &problem.Problem{What: "cannot write the baseline", Where: f.baseline, Why: err.Error(), Next: "choose another file with --baseline"}
		}
		fmt.Fprintf(e.Stderr, "fairway: %s accepted in %s\n", report.Count(len(result.Findings), "finding", "findings"), report.Clean(f.baseline))
		accepted := *result
		accepted.Findings = nil
		return f.exit(&accepted)
	}
	if b := o.Baseline; b != nil && len(b.Findings) > 0 && result.Baselined == 0 && len(result.Findings) > 0 {
		fmt.Fprintf(e.Stderr, "fairway: the baseline %s matches none of these findings; its files are named from %s\n", report.Clean(f.baseline), b.Origin())
	}
	if err := f.show(e, in, result, e.Now().Sub(start)); err != nil {
		return err
	}
	return f.exit(result)
}

// options reads what the flags name.
func (f *lintFlags) options(ctx context.Context, e Env) (lint.Options, error) {
	c := catalogue.New()
	if f.diff && f.fix {
		return lint.Options{}, &problem.Problem{What: "--fix and --diff exclude each other: one writes the files, the other leaves them as they are",
			Next: "look at the changes with --diff first, then make them with --fix"}
	}
	if f.diff && f.output.value != "text" {
		return lint.Options{}, &problem.Problem{What: "--diff prints a unified diff and nothing else, so it takes no --output " + f.output.value,
			Next: "leave one of the two out"}
	}
	o := lint.Options{Catalogue: c, Only: f.rules, Now: e.Now()}
	if f.profile.value != "" {
		o.Profile, _ = rule.ParseProfile(f.profile.value)
	}
	var err error
	if o.Version, err = lint.ParseVersion(f.kubernetes); err != nil {
		return o, &problem.Problem{What: err.Error(), Where: "--kubernetes-version", Next: "name one of " + strings.Join(lint.Versions(), ", ") + ", or leave the flag out"}
	}
	if o.Policy, err = f.readPolicy(c); err != nil {
		return o, err
	}
	f.firstVisit = o.Policy == nil && o.Profile == 0 && len(f.rules)+len(f.enable) == 0
	for _, id := range f.enable {
		if c.Rule(id) == nil {
			next := "fairway lint rules lists the rules"
			if near := c.Nearest(id); near != "" {
				next = "did you mean " + near + "?"
			}
			return o, &problem.Problem{What: "there is no rule " + id, Where: "--enable", Next: next}
		}
		if o.Policy == nil {
			o.Policy = &rule.Policy{}
		}
		if o.Policy.Rules == nil {
			o.Policy.Rules = map[string]rule.RulePolicy{}
		}
		if _, ok := o.Policy.Rules[id]; !ok {
			o.Policy.Rules[id] = rule.RulePolicy{}
		}
	}
	if o.Baseline, err = f.readBaseline(); err != nil {
		return o, err
	}
	if f.since != "" {
		changed, err := load.ChangedSince(ctx, ".", f.since)
		if err != nil {
			return o, err
		}
		o.Within = func(file string) bool { return changed[file] }
	}
	return o, nil
}

// readBaseline reads the baseline that is to be applied, nil when there is none, and makes sure that one may be written.
func (f *lintFlags) readBaseline() (baseline *lint.Baseline, err error) {
	if f.writeBaseline && f.baseline == "" {
		return nil, &problem.Problem{What: "--write-baseline needs a file", Next: "name it with --baseline FILE"}
	}
	if info, err := os.Stat(f.baseline); f.writeBaseline && err == nil && info.Mode().IsRegular() && info.Size() > 0 {
		data, err := os.ReadFile(f.baseline)
		if err == nil {
			_, err = lint.ParseBaseline(data, nil)
		}
		if err != nil { // a manifest, by a slip
			return nil, &problem.Problem{What: "will not overwrite a file that is no baseline", Where: f.baseline, Why: err.Error(),
				Next: "choose another file with --baseline, or remove this one", Err: err}
		}
	}
	if f.baseline != "" && !f.writeBaseline {
		data, err := os.ReadFile(f.baseline)
		if err == nil {
			baseline, err = lint.ParseBaseline(data, namesFrom(f.baseline))
		}
		if err != nil {
			return nil, &problem.Problem{What: "cannot read the baseline", Where: f.baseline, Why: err.Error(),
				Next: "make one with fairway lint --write-baseline --baseline " + f.baseline, Err: err}
		}
	}
	return baseline, nil
}

// readPolicy reads the policy that the flag names, or the nearest one above the working directory.
func (f *lintFlags) readPolicy(c *rule.Catalogue) (*rule.Policy, error) {
	name := f.policy
	if name == "" {
		dir, err := os.Getwd()
		if err != nil {
			return nil, nil
		}
		for dir := range upward(dir) {
			if info, err := os.Stat(filepath.Join(dir, PolicyFile)); err == nil {
				name = filepath.Join(dir, PolicyFile)
				if !info.Mode().IsRegular() { // reading a pipe or a device might never end
					return nil, &problem.Problem{What: "the policy is no file", Where: name, Next: "remove it, or name another one with --policy"}
				}
				break
			}
			if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
				break
			}
		}
		if name == "" {
			return nil, nil
		}
	}
	naming := namesFrom(name)
	data, err := os.ReadFile(name)
	if err != nil {
		next := "check the file's permissions"
		if errors.Is(err, fs.ErrNotExist) {
			next = "name an existing file with --policy"
		}
		return nil, &problem.Problem{What: "cannot read the policy", Where: name, Why: err.Error(), Next: next, Err: err}
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, name); err == nil {
			name = filepath.ToSlash(rel)
		}
	}
	p, err := rule.ParsePolicy(name, data, c)
	if err != nil {
		return nil, &problem.Problem{What: "the policy is not valid", Where: name, Why: err.Error(), Next: "correct the lines named; fairway lint rules lists the rules"}
	}
	p.Name = naming
	return p, nil
}

func (f *lintFlags) show(e Env, in *load.Input, r *lint.Result, elapsed time.Duration) error {
	rep := newReport(in, r, elapsed)
	switch f.output.value {
	case "json":
		return report.JSON(e.Stdout, rep)
	case "sarif":
		return report.SARIF(e.Stdout, rep, Version())
	case "junit":
		return report.JUnit(e.Stdout, rep)
	case "github":
		return report.GitHub(e.Stdout, rep)
	case "markdown":
		return report.Markdown(e.Stdout, rep)
	}
	return report.Text(e.Stdout, rep, report.TextOptions{Width: e.Width, Color: e.colour(f.color.value), Full: f.full || len(f.rules) > 0, Quiet: f.quiet,
		Hint: f.hint(r)})
}

// hint tells who has not chosen rules yet how to see less.
func (f *lintFlags) hint(r *lint.Result) string {
	if !f.firstVisit {
		return ""
	}
	c, n := catalogue.New(), 0
	for _, x := range r.Findings {
		if known := c.Rule(x.Rule); known != nil && known.Profile == rule.Basic {
			n++
		}
	}
	if n == 0 || n == len(r.Findings) {
		return ""
	}
	what := "PATH"
	switch {
	case f.live:
		what = "--live" + f.cluster.words()
	case f.from != "":
		what = "--from " + f.from + f.cluster.words()
	}
	return "a first visit? fairway lint --profile basic " + report.Clean(what) + " shows the " + report.Thousands(n) + " that come first"
}

// newReport adds to a result what is needed to show it.
func newReport(in *load.Input, r *lint.Result, elapsed time.Duration) *finding.Report {
	affected := map[finding.Ref]bool{}
	for _, f := range r.Findings {
		affected[f.Workload] = true
	}
	rep := &finding.Report{Findings: r.Findings, Unknown: r.Unknown, Skipped: r.Skipped, Failures: r.Failures,
		Files: in.Stats.Files, Objects: checked(r.Snapshot.Objects),
		Suppressed: r.Suppressed, Baselined: r.Baselined, Elapsed: elapsed}
	for _, w := range r.Snapshot.Workloads {
		if w.Context {
			continue
		}
		rep.Workloads++
		if affected[w.Ref] {
			rep.Affected++
		}
	}
	rules, infos := catalogue.New(), map[string]finding.RuleInfo{}
	rep.Rule = func(id string) finding.RuleInfo {
		info, ok := infos[id]
		if r := rules.Rule(id); r != nil && !ok {
			info = finding.RuleInfo{ID: id, Title: r.Title, Why: r.Why, How: r.How, Severity: r.Severity, Incident: r.Incident, Link: r.DocURL()}
			if in, err := knowledge.ReadIncident(content.FS, r.Incident); r.Incident != "" && err == nil {
				info.IncidentSummary = in.Summary
			}
			infos[id] = info
		}
		return info
	}
	rep.Source = in.FileByName()
	rep.Exists = func(file string) bool {
		info, err := os.Stat(filepath.FromSlash(file))
		return err == nil && info.Mode().IsRegular()
	}
	rep.Edits = func(f *finding.Finding) []source.Edit {
		if f.Root.File().Virtual { // there is no text to edit
			return nil
		}
		edits, err := f.Root.File().Edits(f.Root, f.Fix.Changes...)
		if err != nil {
			return nil // --fix says why
		}
		return edits
	}
	return rep
}

// checked counts the objects that were not only looked at for what others say of them.
func checked(objects []*cluster.Object) (n int) {
	for _, o := range objects {
		if !o.Context {
			n++
		}
	}
	return n
}

// exit returns the exit code that a result asks for.
func (f *lintFlags) exit(r *lint.Result) error {
	refused := slices.ContainsFunc(r.Skipped, func(s finding.Skipped) bool { return s.Reason == load.Forbidden })
	nothing := checked(r.Snapshot.Objects) == 0 && (refused || len(report.Unchecked(r.Skipped)) > 0)
	if len(r.Failures) > 0 || nothing {
		return exit(problem.ExitIncomplete)
	}
	var least finding.Severity
	if f.failOn.value == "never" || least.UnmarshalText([]byte(f.failOn.value)) != nil {
		return nil
	}
	if slices.ContainsFunc(r.Findings, func(x *finding.Finding) bool { return x.Severity >= least }) {
		return exit(problem.ExitFindings)
	}
	return nil
}

// helm returns the user's helm, "" without one.
func helm() string {
	path, err := exec.LookPath("helm")
	if err != nil {
		return ""
	}
	return path
}

func newLintRules(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json"}}
	cmd := &cobra.Command{
		Use:     "rules",
		Short:   "list the rules",
		Example: "  fairway lint rules\n  fairway lint rules -o json",
		Args:    noArgs,
	}
	choiceFlag(cmd, &output, "output", "o", "how to show them")
	cmd.RunE = func(*cobra.Command, []string) error {
		rules := catalogue.New().Rules
		if output.value == "json" {
			return writeJSON(e.Stdout, listRules(rules))
		}
		var b strings.Builder
		fixable := 0
		for _, r := range rules {
			fix := "   "
			if r.Fixes {
				fix = "fix"
				fixable++
			}
			fmt.Fprintf(&b, "%-38s %-6s %-9s %s  %s\n", r.ID, r.Severity, r.Profile, fix, r.Title)
		}
		fmt.Fprintf(&b, "\n%d rules, %d of them with a fix; fairway explain RULE tells more\n", len(rules), fixable)
		_, err := io.WriteString(e.Stdout, b.String())
		return err
	}
	return cmd
}

// ruleList is the JSON form of the list of rules.
type ruleList struct {
	SchemaVersion int           `json:"schemaVersion"`
	Rules         []ruleSummary `json:"rules"`
}

type ruleSummary struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Severity string `json:"severity"`
	Profile  string `json:"profile"`
	Fixes    bool   `json:"fixes"`
	Since    string `json:"since"`
	Link     string `json:"link"`
}

func listRules(rules []*rule.Rule) ruleList {
	l := ruleList{SchemaVersion: 1, Rules: []ruleSummary{}}
	for _, r := range rules {
		l.Rules = append(l.Rules, ruleSummary{r.ID, r.Title, r.Severity.String(), r.Profile.String(), r.Fixes, r.Since, r.DocURL()})
	}
	return l
}
