package cli

import (
	"context"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/dump"
	"github.com/fairway-k8s/fairway/internal/kube"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
)

// clusterFlags say which cluster and which of its namespaces. They mean what they mean in kubectl.
type clusterFlags struct {
	kubeconfig, context, namespace string
	all                            bool
}

func (f *clusterFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: $KUBECONFIG, or ~/.kube/config)")
	flags.StringVar(&f.context, "context", "", "context of the kubeconfig (default: the current one)")
	flags.StringVarP(&f.namespace, "namespace", "n", "", "namespace (default: the context's)")
	flags.BoolVarP(&f.all, "all-namespaces", "A", false, "all namespaces")
	_ = cmd.RegisterFlagCompletionFunc("context", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return kube.Contexts(f.kubeconfig), cobra.ShellCompDirectiveNoFileComp
	})
	_ = cmd.RegisterFlagCompletionFunc("namespace", cobra.NoFileCompletions)
}

// given returns the first of the flags that is set, "" when none is.
func (f *clusterFlags) given() string {
	switch {
	case f.kubeconfig != "":
		return "--kubeconfig"
	case f.context != "":
		return "--context"
	case f.namespace != "":
		return "--namespace"
	case f.all:
		return "--all-namespaces"
	}
	return ""
}

// words are the flags as they were given, each after a space.
func (f *clusterFlags) words() string {
	var b strings.Builder
	for _, x := range []struct{ flag, value string }{{"--kubeconfig", f.kubeconfig}, {"--context", f.context}, {"-n", f.namespace}} {
		if x.value != "" {
			b.WriteString(" " + x.flag + " " + x.value)
		}
	}
	if f.all {
		b.WriteString(" -A")
	}
	return b.String()
}

// list connects and lists what the flags choose. Progress is shown on a terminal when it takes more than a second.
func (f *clusterFlags) list(ctx context.Context, e Env) (*kube.Client, *load.Input, error) {
	if f.all && f.namespace != "" {
		return nil, nil, &problem.Problem{What: "--namespace and --all-namespaces exclude each other", Next: "leave one of the two out"}
	}
	spare()
	c, err := kube.Connect(kube.Options{Kubeconfig: f.kubeconfig, Context: f.context, Namespace: f.namespace})
	if err != nil {
		return nil, nil, err
	}
	s := kube.Selection{}
	if !f.all {
		s.Namespaces = []string{c.Namespace}
	}
	done := func() {}
	if e.ErrTerminal {
		s.Progress, done = e.listing()
	}
	in, err := c.List(ctx, s)
	done()
	if err != nil {
		if ctx.Err() != nil {
			err = &problem.Problem{What: "stopped before everything was listed", Exit: problem.ExitIncomplete, Next: "run the command again, for one namespace if it takes too long", Err: err}
		}
		return nil, nil, err
	}
	return c, in, nil
}

// spare makes the collector of garbage look after memory: a cluster may be larger than any repository. Waste stays below a third of what is
// in use, for a tenth more CPU.
func spare() { debug.SetGCPercent(33) }

// checkLive checks a cluster.
func (f *lintFlags) checkLive(ctx context.Context, e Env, o lint.Options, start time.Time) error {
	_, in, err := f.cluster.list(ctx, e)
	if err != nil {
		return err
	}
	return f.checkCluster(e, in, o, start)
}

// checkCluster checks what came of a cluster. No rule asks for records.
func (f *lintFlags) checkCluster(e Env, in *load.Input, o lint.Options, start time.Time) error {
	in.Records = nil
	return f.check(e, in, o, start)
}

// archive reads an archive, "-" for standard input: of the namespace alone when one is given.
func (f *clusterFlags) archive(e Env, from string) (*dump.Dump, error) {
	var namespaces []string
	if f.namespace != "" {
		namespaces = []string{f.namespace}
	}
	if from == "-" {
		return dump.ReadFrom(e.Stdin, "standard input", namespaces)
	}
	return dump.Read(from, namespaces)
}

// checkDump checks an archive.
func (f *lintFlags) checkDump(e Env, o lint.Options, start time.Time) error {
	spare()
	d, err := f.cluster.archive(e, f.from)
	if err != nil {
		return err
	}
	return f.checkCluster(e, d.Input, o, start)
}

// source refuses flags that do not go together: files, a cluster and an archive are checked one at a time, and in their own ways.
func (f *lintFlags) source(paths []string) error {
	flag := "--live"
	if f.from != "" {
		flag = "--from"
	}
	given := f.cluster.given()
	switch {
	case f.live && f.from != "":
		return &problem.Problem{What: "--live and --from exclude each other", Next: "leave one of the two out"}
	case !f.live && f.from == "":
		if given != "" {
			return &problem.Problem{What: given + " chooses a cluster, and files are checked", Next: "add --live to check the cluster, or leave " + given + " out"}
		}
	case f.fix, f.diff:
		return &problem.Problem{What: "what a cluster holds is not mended in place: the next deployment would undo it",
			Next: "mend the manifests it was made of: fairway lint --fix DIR"}
	case f.since != "":
		return &problem.Problem{What: flag + " reads no files, so --since has nothing to compare", Next: "leave one of the two out"}
	case len(paths) > 0:
		return &problem.Problem{What: flag + " reads no files, but " + paths[0] + " is named", Next: "check files and clusters one after the other"}
	case f.from != "" && (f.cluster.kubeconfig != "" || f.cluster.context != ""):
		return &problem.Problem{What: given + " chooses a cluster, and an archive is checked", Next: "leave it out, or --from"}
	}
	return nil
}
