package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/dump"
	"github.com/fairway-k8s/fairway/internal/kube"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/store"
)

// dumpFlags are the flags of fairway dump.
type dumpFlags struct {
	cluster             clusterFlags
	file                string
	logs, events, force bool
}

func newDump(e Env) *cobra.Command {
	f := &dumpFlags{}
	cmd := &cobra.Command{
		Use:   "dump",
		Short: "keep what a cluster holds in one archive",
		Long: "Dump lists a cluster and writes one archive that lint reads back with --from: the objects as they were written, how pods,\n" +
			"ReplicaSets, Jobs and nodes fare, and what could not be listed. The same state gives the same bytes.\n\n" +
			"The values of Secrets are not in it: their keys, types, sizes and the dates of certificates are. The values of ConfigMaps and\n" +
			"environment variables are, and so is what programs wrote to their logs: look at it before you send it to anybody.\n\n" +
			"--logs keeps the end of the logs of containers that have something to tell: those that were restarted, failed, or are\n" +
			"not ready.\n\n" +
			"Exit codes: 0 written, 2 wrong usage, 3 written, but the API server did not answer to the end, 10 the cluster could not be\n" +
			"asked. What may not be listed is in the archive's coverage and no error.",
		Example: "  fairway dump -n shop --events --logs\n" +
			"  fairway dump -A -o production.tar.gz\n" +
			"  fairway lint --from production.tar.gz",
		Args: noArgs,
	}
	f.cluster.add(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&f.file, "output", "o", "fairway-dump.tar.gz", "file to write, or - for standard output")
	flags.BoolVar(&f.logs, "logs", false, "keep the end of logs that have something to tell")
	flags.BoolVar(&f.events, "events", false, "keep events")
	flags.BoolVar(&f.force, "force", false, "replace the file if it is there")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), e) }
	return cmd
}

func (f *dumpFlags) run(ctx context.Context, e Env) error {
	if f.file == "-" && e.Terminal {
		return &problem.Problem{What: "an archive is nothing for a terminal", Next: "name a file with --output, or send it into a pipe"}
	}
	if _, err := os.Stat(f.file); f.file != "-" && !f.force && !errors.Is(err, fs.ErrNotExist) {
		return &problem.Problem{What: "the file is there already", Where: f.file, Next: "name another one with --output, or replace it with --force"}
	}
	c, in, err := f.cluster.list(ctx, e)
	if err != nil {
		return err
	}
	if nothingAllowed(in) {
		return &problem.Problem{What: "the user may list nothing there, so there is nothing to keep", Where: c.Server, Exit: problem.ExitIncomplete,
			Next: "kubectl auth can-i --list shows what the user may, in which namespace; name it with -n, or another context with --context"}
	}
	d := &dump.Dump{Input: in, Server: c.Server}
	if !f.cluster.all {
		d.Namespaces = []string{c.Namespace}
	}
	if d.Version, err = c.Version(ctx); err != nil {
		d.Version = "" // it died meanwhile, which Failures says
	}
	if f.events {
		d.Events = []corev1.Event{}
		for _, ns := range orAll(d.Namespaces) {
			err := c.Events(ctx, ns, func(ev *corev1.Event) error { d.Events = append(d.Events, *ev); return nil })
			noteEvents(in, ns, err)
		}
		slices.SortStableFunc(d.Events, func(a, b corev1.Event) int {
			return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
		})
	}
	if f.logs {
		d.Logs = collectLogs(ctx, c, in.Records.Pods)
	}
	if err := ctx.Err(); err != nil {
		return &problem.Problem{What: "stopped before the archive was written", Exit: problem.ExitIncomplete, Next: "run the command again", Err: err}
	}
	var b bytes.Buffer
	if err := d.Write(&b); err != nil {
		return &problem.Problem{What: "cannot make the archive", Why: err.Error(), Next: "report this; nothing was written", Err: err}
	}
	if f.file == "-" {
		_, err = e.Stdout.Write(b.Bytes())
	} else {
		err = store.WriteFile(f.file, b.Bytes())
	}
	if err != nil {
		return &problem.Problem{What: "cannot write the archive", Where: f.file, Why: problem.Plain(err), Next: "name another file with --output", Err: err}
	}
	f.told(e, d, b.Len())
	if len(in.Failures) > 0 {
		return exit(problem.ExitIncomplete)
	}
	return nil
}

// nothingAllowed reports whether kinds were forbidden and nothing else came of a list.
func nothingAllowed(in *load.Input) bool {
	if len(in.Records.Pods) > 0 || slices.ContainsFunc(in.Objects, func(t load.Tree) bool { return !t.Context }) {
		return false
	}
	return slices.ContainsFunc(in.Coverage.Rows(), func(r cluster.Covered) bool { return r.State == cluster.Forbidden })
}

// orAll returns the namespaces to ask about one by one: "" stands for all.
func orAll(namespaces []string) []string {
	if namespaces == nil {
		return []string{""}
	}
	return namespaces
}

// noteEvents puts the events into the coverage.
func noteEvents(in *load.Input, namespace string, err error) {
	row := cluster.Covered{Version: "v1", Kind: "Event", Namespace: namespace, State: cluster.Listed}
	if err != nil {
		row.State, row.Detail = kube.StateOf(err)
	}
	rows := slices.DeleteFunc(slices.Clone(in.Coverage.Rows()), func(r cluster.Covered) bool {
		return r.Group == "" && r.Kind == "Event" && (r.Namespace == namespace || r.State == cluster.NotAsked)
	})
	in.Coverage = cluster.NewCoverage(append(rows, row), in.Coverage.Partly())
}

// told says on standard error what is in the archive.
func (f *dumpFlags) told(e Env, d *dump.Dump, size int) {
	r := d.Input.Records
	note(e, "fairway: %s holds %s, %s", f.file, report.Count(len(d.Input.Objects), "object", "objects"), report.Count(len(r.Pods), "pod", "pods"))
	if d.Events != nil {
		note(e, ", %s", report.Count(len(d.Events), "event", "events"))
	}
	if f.logs {
		note(e, ", %s", report.Count(len(d.Logs), "log", "logs"))
	}
	note(e, " in %s\n", bytesOf(size))
	var refused []string
	for _, row := range d.Input.Coverage.Rows() {
		if row.State == cluster.Forbidden && !slices.Contains(refused, row.Kind) {
			refused = append(refused, row.Kind)
		}
	}
	if len(refused) > 0 {
		note(e, "fairway: not listed, as the context's user may not: %s\n", strings.Join(refused, ", "))
	}
	for _, x := range d.Input.Failures {
		note(e, "fairway: %s\n", x.Message)
	}
}

// bytesOf writes a size as people say it: 0.4 kB, 12 kB, 3.1 MB.
func bytesOf(n int) string {
	switch {
	case n < 10_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1_000_000:
		return fmt.Sprintf("%d kB", n/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Bounds of the logs of one archive.
const (
	logLines    = 500
	logBytes    = 256 << 10 // of one log
	allLogBytes = 256 << 20
	logsAtOnce  = 4
)

// collectLogs reads the logs that have something to tell, in the order of pods and containers.
func collectLogs(ctx context.Context, c *kube.Client, pods []cluster.Pod) []dump.Log {
	var logs []dump.Log
	for i := range pods {
		p := &pods[i]
		for k := range p.Containers {
			s := &p.Containers[k]
			if !tells(p, s) {
				continue
			}
			logs = append(logs, dump.Log{Namespace: p.Namespace, Pod: p.Name, Container: s.Name})
			if s.Restarts > 0 {
				logs = append(logs, dump.Log{Namespace: p.Namespace, Pod: p.Name, Container: s.Name, Previous: true})
			}
		}
	}
	next := make(chan *dump.Log)
	var wg sync.WaitGroup
	for range logsAtOnce {
		wg.Go(func() {
			for l := range next {
				readLog(ctx, c, l)
			}
		})
	}
	for i := range logs {
		if i >= allLogBytes/logBytes {
			logs[i].State, logs[i].Detail = cluster.NotAsked, "too many logs for one archive; dump one namespace"
			continue
		}
		next <- &logs[i]
	}
	close(next)
	wg.Wait()
	return logs
}

// tells reports whether a container's log may say what is wrong.
func tells(p *cluster.Pod, s *cluster.ContainerState) bool {
	switch {
	case s.State.Phase == "": // no kubelet has seen it
		return false
	case s.Restarts > 0, s.State.Phase == "terminated" && s.State.ExitCode != 0:
		return true
	}
	return s.State.Phase == "running" && !s.Ready && p.Deleted.IsZero()
}

func readLog(ctx context.Context, c *kube.Client, l *dump.Log) {
	r, err := c.Logs(ctx, kube.LogOptions{Namespace: l.Namespace, Pod: l.Pod, Container: l.Container, Previous: l.Previous, TailLines: logLines, LimitBytes: logBytes})
	if err == nil {
		l.Text, err = io.ReadAll(io.LimitReader(r, logBytes))
		r.Close()
	}
	l.State = cluster.Listed
	if err != nil {
		l.Text = nil
		l.State, l.Detail = kube.StateOf(err)
		if l.State == cluster.NotServed { // the pod, or the run before, is gone
			l.State = cluster.Failed
		}
	}
	if l.State == cluster.Listed && l.Text == nil {
		l.Text = []byte{}
	}
}
