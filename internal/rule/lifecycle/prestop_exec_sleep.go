package lifecycle

import (
	"fmt"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
	"github.com/fairway-k8s/fairway/internal/source"
)

// prestopExecSleep mends with an action that does the same: the kubelet sleeps instead of a process in the container. It is on by
// default since Kubernetes 1.30 and stable since 1.34. The API server refuses an action longer than the grace period, so there the mend waits
// for that of prestop-exceeds-grace.
var prestopExecSleep = &rule.Rule{
	ID:    "prestop-exec-sleep",
	Title: "the pause before stopping needs a sleep program in the image",
	Why: "A hook that cannot start, because a slim or distroless image has no shell or no sleep, fails with an event and the pause is " +
		"skipped. Nobody notices until a deploy drops requests.",
	How:      "Use the sleep action, which the kubelet does itself.",
	Example:  "lifecycle:\n  preStop:\n    sleep: {seconds: 10}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Fixes: true,
	Links: []string{linkHooks, linkSleep},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		h := preStop(c)
		if h == nil || h.Exec == nil {
			return
		}
		seconds, only := sleeps(h.Exec.Command)
		if !only {
			return
		}
		path := c.Path + ".lifecycle.preStop"
		f := p.Report(w.Object, path+".exec", "container %s sleeps %d s by running a command; the sleep action needs no program in the image", c.Name, seconds)
		if seconds <= graceOf(w) {
			f.Fix = rule.Mend(fmt.Sprintf("sleep: {seconds: %d} instead of exec", seconds),
				// In this order comments beside the command stay where they are.
				source.Change{Op: source.Rename, Path: source.MustPath(path + ".exec"), Value: source.String("sleep")},
				rule.Set(path+".sleep.seconds", source.Int(seconds)),
				rule.Remove(path+".sleep.command"))
		}
	},
}
