package cli

import (
	"context"
	"fmt"
	"path/filepath"

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
	after, _, err = before.Apply(root, changes...)
	if err != nil {
		return nil, nil, &problem.Problem{What: "cannot write the probes there", Where: before.Name, Why: err.Error(), Next: "set the numbers by hand; the command without --fix prints them", Exit: problem.ExitIncomplete, Err: err}
	}
	return before, after, nil
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
