package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/gate"
	"github.com/fairway-k8s/fairway/internal/gate/admit"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/rule/catalogue"
	"github.com/fairway-k8s/fairway/internal/store"
)

type gateCheckFlags struct {
	output, color choice
	policy        string
	baseline      string
	writeBaseline bool
}

func newGateCheck(e Env) *cobra.Command {
	f := &gateCheckFlags{
		output: choice{value: "text", choices: []string{"text", "json", "sarif", "junit", "github"}},
		color:  choice{value: "auto", choices: []string{"auto", "always", "never"}},
	}
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "say of files what the gate would say in a cluster",
		Long: "Check says what an API server with the exported policies would audit, warn about and deny, before anything is applied: the same rules, the\n" +
			"same actions, the same exemptions. Comments and annotations that suppress a rule for fairway lint do not open the gate, here or there.\n\n" +
			"A baseline accepts what is there already, so that only what is new fails. Debt that was paid is named; --write-baseline drops it.\n\n" +
			"Exit codes: 0 nothing would be denied, 1 something would, 2 wrong usage, 3 part of the input could not be read or judged.",
		Example: "  fairway gate check deploy/\n" +
			"  fairway gate check --write-baseline --baseline gate-debt.json .    accept what is there\n" +
			"  fairway gate check --baseline gate-debt.json .                     only what is new fails\n" +
			"  helm template . | fairway gate check -",
	}
	flags := cmd.Flags()
	choiceFlag(cmd, &f.output, "output", "o", "how to show the result")
	choiceFlag(cmd, &f.color, "color", "", "when to use colour")
	flags.StringVar(&f.policy, "policy", "", "policy file (default: "+PolicyFile+" here or in a folder above)")
	flags.StringVar(&f.baseline, "baseline", "", "file of accepted findings; only others are shown")
	flags.BoolVar(&f.writeBaseline, "write-baseline", false, "write all findings to the --baseline file and accept them")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), e, args) }
	return cmd
}

// gateResult is what a check of the gate found.
type gateResult struct {
	decisions []gate.Decision
	unknown   []finding.Unknown
	failures  []finding.Failure
	gone      []lint.BaselineEntry
	exempt    int
	baselined int
	files     int
	objects   int
}

func (f *gateCheckFlags) run(ctx context.Context, e Env, paths []string) error {
	plan, policy, err := readPlan(e, f.policy)
	if err != nil {
		return err
	}
	if f.writeBaseline && f.baseline == "" {
		return &problem.Problem{What: "--write-baseline needs a file", Next: "name it with --baseline FILE"}
	}
	// The flags for baselines are lint's, and so are the files.
	lf := &lintFlags{baseline: f.baseline, writeBaseline: f.writeBaseline, output: choice{value: "text"}}
	baseline, err := lf.readBaseline()
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	in, err := load.Load(ctx, paths, load.Options{Stdin: e.Stdin, Helm: helm()})
	if err != nil {
		return err
	}
	if len(in.Objects) == 0 {
		note(e, "fairway: nothing was checked in %s\n", strings.Join(paths, ", "))
	}
	r, findings, err := checkGate(ctx, plan, policy, in, e)
	if err != nil {
		return err
	}
	if f.writeBaseline {
		if err := store.WriteFile(f.baseline, lint.NewBaseline(findings, namesFrom(f.baseline)).Encode()); err != nil {
			return &problem.Problem{What: "cannot write the baseline", Where: f.baseline, Why: err.Error(), Next: "choose another file with --baseline"}
		}
		note(e, "fairway: %s accepted in %s\n", report.Count(len(findings), "finding", "findings"), f.baseline)
		r.decisions = nil
		return r.exit()
	}
	if baseline != nil {
		r.apply(baseline, in, plan)
	}
	switch f.output.value {
	case "json":
		err = writeJSON(e.Stdout, r.json())
	case "sarif":
		err = report.SARIF(e.Stdout, r.report(in), Version())
	case "junit":
		err = report.JUnit(e.Stdout, r.report(in))
	case "github":
		err = report.GitHub(e.Stdout, r.report(in))
	default:
		_, err = io.WriteString(e.Stdout, r.text(e.textWidth(), e.colour(f.color.value)))
	}
	if err != nil {
		return err
	}
	return r.exit()
}

// checkGate judges what was loaded as the plan says. findings are those of decisions.
func checkGate(ctx context.Context, plan *gate.Plan, policy *rule.Policy, in *load.Input, e Env) (*gateResult, []*finding.Finding, error) {
	file := ""
	params := &rule.Policy{Rules: map[string]rule.RulePolicy{}}
	if policy != nil {
		file = policy.File
		for id, rp := range policy.Rules {
			params.Rules[id] = rule.RulePolicy{Params: rp.Params} // the gate has actions in the place of severities
		}
	}
	if err := admit.CheckOwn(plan, file); err != nil {
		return nil, nil, err
	}
	only := []string{}
	for _, x := range plan.Entries {
		if x.Rule != nil {
			only = append(only, x.ID)
		}
	}
	o := lint.Options{Catalogue: catalogue.New(), Policy: params, Only: only, Now: e.Now(), Undecided: true}
	if len(only) == 0 {
		o.Catalogue = &rule.Catalogue{}
	}
	result, err := lint.Check(in, o)
	if err != nil {
		return nil, nil, err
	}
	r := &gateResult{failures: result.Failures, files: in.Stats.Files, objects: len(in.Objects)}
	own, failures, err := admit.Own(ctx, plan, result.Snapshot)
	if err != nil {
		return nil, nil, err
	}
	r.failures = append(r.failures, failures...)
	r.decisions, r.exempt = plan.Decide(result.Snapshot, slices.Concat(result.Findings, own))
	network, unknown := plan.Network(result.Snapshot)
	r.decisions, r.unknown = append(r.decisions, network...), unknown
	slices.SortStableFunc(r.decisions, func(a, b gate.Decision) int { return a.Compare(b.Finding) })
	return r, r.findings(), nil
}

func (r *gateResult) findings() []*finding.Finding {
	out := make([]*finding.Finding, len(r.decisions))
	for i := range r.decisions {
		out[i] = r.decisions[i].Finding
	}
	return out
}

// apply takes out what a baseline accepts, and notes what of it is paid.
func (r *gateResult) apply(b *lint.Baseline, in *load.Input, plan *gate.Plan) {
	read := map[string]bool{}
	for _, f := range in.Files {
		read[b.NameOf(f.Name)] = true
	}
	all := r.findings()
	r.gone = b.Gone(all, func(file, id string) bool {
		return read[file] && (plan.Entry(id) != nil || id == gate.NetworkPolicyID && plan.NetworkPolicy != "")
	})
	fresh, n := b.Filter(all)
	r.baselined = n
	kept := map[*finding.Finding]bool{}
	hidden := hiddenBy(b, plan)
	for _, f := range fresh {
		if hidden(f) {
			r.baselined++
			continue
		}
		kept[f] = true
	}
	r.decisions = slices.DeleteFunc(r.decisions, func(d gate.Decision) bool { return !kept[d.Finding] })
}

// hiddenBy returns whether a finding could not be among those that a baseline accepts, because a worse fault of the same container is: it was
// there already, and whoever mends the worse one is not to be denied for it.
func hiddenBy(b *lint.Baseline, plan *gate.Plan) func(*finding.Finding) bool {
	accepted := map[lint.BaselineEntry]bool{} // with the container as the field, and once more for the whole pod
	for _, e := range b.Findings {
		e.Count = 0
		e.Field = containerOf(e.Field)
		accepted[e] = true
		e.Field = ""
		accepted[e] = true
	}
	return func(f *finding.Finding) bool {
		entry := plan.Entry(f.Rule)
		if entry == nil || entry.Rule == nil || entry.Rule.Gate.Outdone == nil {
			return false
		}
		return accepted[lint.BaselineEntry{Rule: entry.Rule.Gate.Outdone.By, File: b.NameOf(f.Place.File), Object: f.Object, Field: containerOf(f.Field)}]
	}
}

// containerOf returns the path of the container that a field is in, "" for one of the pod.
func containerOf(field string) string {
	if i := strings.Index(field, "ontainers["); i >= 0 {
		if j := strings.IndexByte(field[i:], ']'); j >= 0 {
			return field[:i+j+1]
		}
	}
	return ""
}

// report makes of the result what lint's formats show: what is denied as must, what is warned about as should, what is audited as could.
func (r *gateResult) report(in *load.Input) *finding.Report {
	severity := map[string]finding.Severity{gate.Deny: finding.Must, gate.Warn: finding.Should, gate.Audit: finding.Could}
	infos := map[string]finding.RuleInfo{}
	out := &finding.Report{Unknown: r.unknown, Failures: r.failures, Files: r.files, Objects: r.objects, Suppressed: r.exempt, Baselined: r.baselined, Source: in.FileByName()}
	for _, d := range r.decisions {
		f := *d.Finding
		f.Severity = severity[d.Action]
		out.Findings = append(out.Findings, &f)
		info := finding.RuleInfo{ID: d.Rule, Title: d.Title, Why: d.Why, How: d.How, Severity: f.Severity}
		if known := catalogue.New().Rule(d.Rule); known != nil {
			info.Link = known.DocURL()
		}
		infos[d.Rule] = info
	}
	out.Rule = func(id string) finding.RuleInfo { return infos[id] }
	return out
}

func (r *gateResult) exit() error {
	switch {
	case len(r.failures) > 0:
		return exit(problem.ExitIncomplete)
	case slices.ContainsFunc(r.decisions, func(d gate.Decision) bool { return d.Action == gate.Deny }):
		return exit(problem.ExitFindings)
	}
	return nil
}

func (r *gateResult) count(action string) int {
	n := 0
	for _, d := range r.decisions {
		if d.Action == action {
			n++
		}
	}
	return n
}

var actionColour = map[string]string{gate.Deny: "\x1b[31m", gate.Warn: "\x1b[33m", gate.Audit: "\x1b[36m"}

// text groups decisions by object, the severest first, in lines of at most width columns where what they quote can be broken.
func (r *gateResult) text(width int, colour bool) string {
	var b strings.Builder

	byObject := map[finding.Ref][]gate.Decision{}
	var order []finding.Ref
	for _, d := range r.decisions {
		if byObject[d.Object] == nil {
			order = append(order, d.Object)
		}
		byObject[d.Object] = append(byObject[d.Object], d)
	}
	column := 0
	for _, d := range r.decisions {
		column = max(column, len(d.Rule))
	}
	for _, ref := range order {
		list := byObject[ref]
		slices.SortStableFunc(list, func(a, b gate.Decision) int { return cmp.Compare(actionRank[a.Action], actionRank[b.Action]) })
		fmt.Fprintf(&b, "%s  %s\n", ref, list[0].Place.File)
		for _, d := range list {
			action := fmt.Sprintf("%-5s", d.Action)
			if colour {
				action = actionColour[d.Action] + action + "\x1b[0m"
			}
			fmt.Fprintf(&b, "  %s  %-*s  %d:%d\n", action, column, d.Rule, d.Place.Line, d.Place.Column)
			hang(&b, width, "         ", d.Message)
			hang(&b, width, "         fix: ", firstLine(d.How))
		}
		b.WriteByte('\n')
	}
	for _, u := range r.unknown {
		hang(&b, width, "unknown  ", fmt.Sprintf("%s of %s: %s", u.Rule, u.Object, u.Missing))
	}
	for _, x := range r.failures {
		hang(&b, width, "error  ", fmt.Sprintf("%s: %s", x.Place, x.Message))
		if x.Hint != "" {
			hang(&b, width, "       next: ", x.Hint)
		}
	}
	for _, g := range r.gone {
		hang(&b, width, "paid  ", fmt.Sprintf("%s of %s in %s: %s", g.Rule, g.Object, g.File, g.Field))
	}
	if len(r.unknown)+len(r.failures)+len(r.gone) > 0 {
		b.WriteByte('\n')
	}
	sum := fmt.Sprintf("%s, %s: %d denied, %d warned about, %d audited", report.Count(r.files, "file", "files"), report.Count(r.objects, "object", "objects"),
		r.count(gate.Deny), r.count(gate.Warn), r.count(gate.Audit))
	for _, x := range []struct {
		n    int
		text string
	}{{len(r.unknown), "unknown"}, {r.exempt, "exempt"}, {r.baselined, "in the baseline"}, {len(r.gone), "of the baseline paid (--write-baseline drops them)"}, {len(r.failures), "not judged"}} {
		if x.n > 0 {
			sum += fmt.Sprintf("; %d %s", x.n, x.text)
		}
	}
	hang(&b, width, "", sum)
	return report.CleanLines(b.String())
}

// hang writes text behind lead, as many lines of at most width columns as it takes, the later ones below the first.
func hang(b *strings.Builder, width int, lead, text string) {
	indent := report.Width(lead)
	for _, l := range report.Wrap(text, max(width-indent, 30)) {
		b.WriteString(lead + l + "\n")
		lead = strings.Repeat(" ", indent)
	}
}

func firstLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i]
	}
	return strings.TrimSuffix(s, ".")
}

// The JSON form, docs/schema/gate-check-v1.json.
type gateJSON struct {
	SchemaVersion int                  `json:"schemaVersion"`
	Findings      []gateFindingJSON    `json:"findings"`
	Unknown       []gateUnknownJSON    `json:"unknown"`
	Errors        []gateErrorJSON      `json:"errors"`
	Paid          []lint.BaselineEntry `json:"paid"`
	Summary       gateSummaryJSON      `json:"summary"`
}

type gateFindingJSON struct {
	Rule    string      `json:"rule"`
	Action  string      `json:"action"`
	Object  finding.Ref `json:"object"`
	File    string      `json:"file"`
	Line    int         `json:"line"`
	Column  int         `json:"column"`
	Field   string      `json:"field"`
	Message string      `json:"message"`
	Why     string      `json:"why"`
	How     string      `json:"how"`
}

type gateUnknownJSON struct {
	Rule    string      `json:"rule"`
	Object  finding.Ref `json:"object"`
	Missing string      `json:"missing"`
}

type gateErrorJSON struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
}

type gateSummaryJSON struct {
	Files     int `json:"files"`
	Objects   int `json:"objects"`
	Deny      int `json:"deny"`
	Warn      int `json:"warn"`
	Audit     int `json:"audit"`
	Exempt    int `json:"exempt"`
	Baselined int `json:"baselined"`
}

func (r *gateResult) json() gateJSON {
	out := gateJSON{SchemaVersion: 1, Findings: []gateFindingJSON{}, Unknown: []gateUnknownJSON{}, Errors: []gateErrorJSON{}, Paid: []lint.BaselineEntry{},
		Summary: gateSummaryJSON{r.files, r.objects, r.count(gate.Deny), r.count(gate.Warn), r.count(gate.Audit), r.exempt, r.baselined}}
	for _, d := range r.decisions {
		out.Findings = append(out.Findings, gateFindingJSON{d.Rule, d.Action, d.Object, d.Place.File, d.Place.Line, d.Place.Column, d.Field, d.Message, d.Why, d.How})
	}
	for _, u := range r.unknown {
		out.Unknown = append(out.Unknown, gateUnknownJSON{u.Rule, u.Object, u.Missing})
	}
	for _, x := range r.failures {
		out.Errors = append(out.Errors, gateErrorJSON{x.Place.File, x.Place.Line, x.Message, x.Hint})
	}
	out.Paid = append(out.Paid, r.gone...)
	return out
}
