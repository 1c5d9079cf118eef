package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// changes are what the plan changes in the workload's manifest.
func (r *recommendation) changes() (out []source.Change) {
	path := r.Container.Path
	for _, p := range r.probes() {
		field := path + "." + p.field
		if p.have == nil {
			e, handler, ok := writtenHandler(r.Workload, path+"."+p.from)
			if !ok {
				continue
			}
			fields := []source.Field{source.F(handler, e.Value.Resolve().Value())}
			for _, n := range r.notes(p.kind) {
				fields = append(fields, source.Field{Key: n.field, Value: source.Int(int64(n.value)), Comment: n.reason})
			}
			out = append(out, rule.Set(field, source.Map(fields...), p.from, "resources", "ports"))
			continue
		}
		for _, n := range r.notes(p.kind) {
			if was(p.have, n.field, n.value) != "" {
				c := rule.Set(field+"."+n.field, source.Int(int64(n.value)), "periodSeconds", "timeoutSeconds")
				c.Comment = n.reason
				out = append(out, c)
			}
		}
		if p.have.InitialDelaySeconds > 0 {
			out = append(out, source.Change{Op: source.Remove, Path: source.MustPath(field + ".initialDelaySeconds")})
		}
	}
	if want, _, short := r.deadline(); short {
		c := rule.Set("spec.progressDeadlineSeconds", source.Int(int64(want)), "minReadySeconds", "revisionHistoryLimit", "replicas")
		c.Comment = deadlineReason
		out = append(out, c)
	}
	return out
}

const deadlineReason = "a rollout counts as failed after that without a new pod, and a boot alone may take much of it"

// writtenHandler is the handler that a probe asks, as the manifest writes it.
func writtenHandler(w *cluster.Workload, probe string) (e source.Entry, name string, ok bool) {
	for _, name := range [...]string{"httpGet", "tcpSocket", "grpc", "exec"} {
		if e, ok := w.Written(probe + "." + name); ok {
			return e, name, true
		}
	}
	return e, "", false
}

// mend writes the recommendation into the manifest or its service file, or shows what it would write.
func (f *probeRecommendFlags) mend(ctx context.Context, e Env, r *recommendation) error {
	if r.plan == nil {
		return &problem.Problem{What: "there is nothing to write: no probes keep the rules", Where: report.Label(r.Workload.Ref), Why: r.why.Error(),
			Next: "run the command without --fix to see what is needed", Exit: problem.ExitFindings, Err: r.why}
	}
	before, after, err := r.rewritten()
	if err != nil {
		return err
	}
	if before.Virtual {
		return &problem.Problem{What: "the workload is in no file that could be written", Where: report.Label(r.Workload.Ref), Next: "name its manifests with -f"}
	}
	if r.boot == 0 && string(before.Data) != string(after.Data) {
		if err := f.proves(ctx, e, r, after); err != nil {
			return err
		}
	}
	if f.diff {
		if err := report.Diff(e.Stdout, after.Name, before.Data, after.Data, report.DiffOptions{Color: e.colour(f.color.value), Terminal: e.Terminal}); err != nil {
			return err
		}
		return r.exit()
	}
	if string(before.Data) == string(after.Data) {
		note(e, "fairway: %s says this already\n", before.Name)
		return f.show(e, r)
	}
	name := filepath.FromSlash(before.Name)
	files := f.workload.files
	if len(files) == 0 {
		files = []string{"."}
	}
	err = staysWithin(files, name)
	if err == nil {
		err = replace(name, before.Data, after.Data)
	}
	if err != nil {
		return &problem.Problem{What: "cannot write the file", Where: name, Why: problem.Plain(err), Next: "make it writable, and run the command again", Exit: problem.ExitIncomplete, Err: err}
	}
	if err := f.show(e, r); err != nil {
		note(e, "fairway: wrote %s\n", before.Name)
		return err
	}
	note(e, "fairway: wrote %s\n", before.Name)
	return nil
}

// rewritten returns the file that is to change, and what it becomes.
func (r *recommendation) rewritten() (before, after *source.File, err error) {
	root, changes := r.Workload.Origin, r.changes()
	if r.boot > 0 {
		data, err := load.ReadFile(filepath.FromSlash(r.declared.File))
		if err != nil {
			return nil, nil, &problem.Problem{What: "cannot read the service file", Where: r.declared.File, Why: problem.Plain(err), Next: "make it readable", Err: err}
		}
		file := source.Parse(r.declared.File, data)
		root, changes = file.Docs[0].Root, []source.Change{rule.Set("boot", source.String(r.boot.String()))}
	} else {
		for i := range changes {
			changes[i].Path = rule.InOrigin(r.Workload.Object, changes[i].Path)
		}
	}
	before = root.File()
	after, edits, err := before.Apply(root, changes...)
	if err != nil {
		return nil, nil, &problem.Problem{What: "cannot write the probes there", Where: before.Name, Why: err.Error(), Next: "set the numbers by hand; the command without --fix prints them", Exit: problem.ExitIncomplete, Err: err}
	}
	if stale := r.staleReasons(); r.boot == 0 && len(edits) > 0 && len(stale) > 0 {
		edits = append(edits, stale...)
		slices.SortStableFunc(edits, func(a, b source.Edit) int { return a.Start - b.Start })
		after = source.Parse(before.Name, source.ApplyEdits(before.Data, edits))
	}
	return before, after, nil
}

// ownReason matches the reasons that Fairway writes behind a probe's numbers: those of the golden paths and those of notes, whatever the numbers.
var ownReason = regexp.MustCompile(`^# (?:` + strings.Join([]string{
	`a finished boot is noticed up to \d+ s late(?:; never more than the \d+ x \d+ s from the first to the third liveness probe)?`,
	`the answer needs no work, so \d+ s are plenty`,
	`a process that boots is busy; one second, the default, may be too short for an answer`,
	`\d+ tries, \d+ s apart, take [\dhms]+: enough for a boot of [\dhms]+ and half of it again`,
	`\d+ tries, \d+ s apart, surely take \d+ s: .* \([\d,]+ boots?, \d+ of them killed\)`,
	`asked every \d+ s, a pod that fails is out of the Service after \d+ to \d+ s`,
	`an answer that takes longer than \d+ s is none`,
	`(?:three|\d+) in a row; one slow answer is no reason to send nothing more`,
	`asked every \d+ s, it is restarted \d+ to \d+ s after (?:the last good answer|/health/live turned bad): a restart is the last resort`,
	`a busy process may take \d+ s to answer`,
	`(?:three|\d+) in a row, so that no single slow moment restarts it`,
	`a rollout counts as failed after [\dhms]+ without a new pod; a boot alone may take [\dhms]+ of that`,
	regexp.QuoteMeta(deadlineReason),
}, "|") + `)(?: \([a-z]+(?:-[a-z]+)+\))?$`)

var digits = regexp.MustCompile(`\d+`)

// staleReasons are the edits that put the reasons of the plan where Fairway's earlier ones would speak of other numbers, in the probes that change.
// A comment that somebody else wrote stays.
func (r *recommendation) staleReasons() (out []source.Edit) {
	file := r.Workload.Origin.File()
	state := func(path, reason string, same bool) {
		e, ok := r.Workload.Origin.Find(rule.InOrigin(r.Workload.Object, source.MustPath(path)))
		if !ok {
			return
		}
		at, ok := file.CommentBehind(e.Value)
		if !ok {
			return
		}
		text, says := string(file.Data[at.Start:at.End]), digits.FindAllString(reason, -1)
		same = same && !slices.ContainsFunc(digits.FindAllString(text, -1), func(d string) bool { return !slices.Contains(says, d) })
		if ownReason.MatchString(text) && !same {
			out = append(out, source.Edit{Span: at, New: "# " + reason})
		}
	}
	for _, p := range r.probes() {
		notes := r.notes(p.kind)
		changes := func(n noted) bool { return was(p.have, n.field, n.value) != "" }
		if !slices.ContainsFunc(notes, changes) {
			continue
		}
		for _, n := range notes {
			state(r.Container.Path+"."+p.field+"."+n.field, n.reason, !changes(n))
		}
	}
	if _, _, short := r.deadline(); short {
		state("spec.progressDeadlineSeconds", deadlineReason, false)
	}
	return out
}

// proves reads the workload again with the file changed, and refuses when its probes are not what they were to become: another file, such as a
// kustomize patch, may have the last word.
func (f *probeRecommendFlags) proves(ctx context.Context, e Env, r *recommendation, after *source.File) error {
	files := f.workload.files
	if len(files) == 0 {
		files = []string{"."}
	}
	if len(files) == 1 && files[0] == "-" {
		return nil
	}
	in, err := load.Load(ctx, files, load.Options{Helm: helm(), Instead: map[string][]byte{after.Name: after.Data}})
	if err != nil {
		return err
	}
	w := &workloadFlags{container: r.Container.Name, cluster: clusterFlags{namespace: r.Workload.Namespace}}
	again, err := w.in(in, r.Workload.Kind+"/"+r.Workload.Name)
	if err != nil {
		return err
	}
	for _, p := range r.probes() {
		probe := again.Container.StartupProbe
		switch p.field {
		case "readinessProbe":
			probe = again.Container.ReadinessProbe
		case "livenessProbe":
			probe = again.Container.LivenessProbe
		}
		for _, n := range r.notes(p.kind) {
			if probe == nil || was(probe, n.field, n.value) != "" {
				return &problem.Problem{What: fmt.Sprintf("%s of the %s would not become %d", n.field, p.field, n.value), Where: after.Name,
					Why: "another file, such as a patch, sets it as well", Next: "set it there by hand; the command without --fix prints the numbers", Exit: problem.ExitIncomplete}
			}
		}
	}
	return nil
}

// deadline returns the progressDeadlineSeconds that the plan asks for, and today's; false when that is enough. A rollout that has not one more pod
// within it counts as failed, and a boot alone may take what the startup probe allows; the rest is the golden path's.
func (r *recommendation) deadline() (want, have int, short bool) {
	d := cluster.As[*appsv1.Deployment](r.Workload.Object)
	if d == nil || d.Spec.ProgressDeadlineSeconds == nil || r.plan.Startup == nil {
		return 0, 0, false
	}
	boot := secs(r.plan.Startup.Period) * r.plan.Startup.FailureThreshold
	have = int(*d.Spec.ProgressDeadlineSeconds)
	return max(600, boot+300), have, have < boot+int(d.Spec.MinReadySeconds)
}
