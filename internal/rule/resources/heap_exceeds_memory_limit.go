package resources

import (
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

var heapExceedsMemoryLimit = &rule.Rule{
	ID:    "heap-exceeds-memory-limit",
	Title: "a runtime may grow its heap beyond the container's memory limit",
	Why: "The heap is only a part of what a process uses. A runtime that may take as much as the limit for the heap alone is killed by " +
		"the kernel (OOMKilled) before it thinks of collecting garbage.",
	How:      "Keep the heap at about three quarters of the limit: lower -Xmx, --max-old-space-size or GOMEMLIMIT, or raise the limit.",
	Example:  "env:\n  - name: JAVA_TOOL_OPTIONS\n    value: -XX:MaxRAMPercentage=70\n",
	Severity: finding.Must, Profile: rule.Golden, Since: "0.1.0",
	Links: []string{
		"https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html",
		"https://nodejs.org/api/cli.html#--max-old-space-sizesize-in-mib",
		"https://pkg.go.dev/runtime#hdr-Environment_Variables",
	},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		limit, ok := c.Resources.Limits[corev1.ResourceMemory]
		if !ok || limit.CmpInt64(leastMemory) < 0 {
			return
		}
		report := func(field, text, setting string) {
			for _, h := range heaps {
				if !strings.Contains(text, h.mark) && !strings.Contains(setting, h.mark) {
					continue
				}
				m := h.pattern.FindStringSubmatch(setting + "=" + text)
				if m == nil {
					continue
				}
				if size := h.bytes(m[1], m[2]); size >= limit.Value() {
					p.Report(w.Object, field, "%s lets the heap grow to %s, and the limit of %s is %s", strings.TrimSpace(strings.TrimPrefix(m[0], "=")), m[1]+m[2], c.Name, limit.String())
				}
			}
		}
		for i := range c.Env {
			if e := &c.Env[i]; e.Value != "" {
				report(c.Path+".env["+strconv.Itoa(i)+"].value", e.Value, e.Name)
			}
		}
		for i, a := range c.Args {
			report(c.Path+".args["+strconv.Itoa(i)+"]", a, "")
		}
		for i, a := range c.Command {
			report(c.Path+".command["+strconv.Itoa(i)+"]", a, "")
		}
	},
}

// heap is one way to tell a runtime how large its heap may grow.
type heap struct {
	mark    string // quick test
	pattern *regexp.Regexp
	unit    int64 // of a number without a unit, in bytes
}

// A number behind -Xmx is bytes, behind --max-old-space-size MiB, and GOMEMLIMIT takes bytes or a unit such as MiB.
var heaps = []heap{
	{"-Xmx", regexp.MustCompile(`-Xmx(\d+)([kKmMgGtT]?)\b`), 1},
	{"max-old-space-size", regexp.MustCompile(`--max[-_]old[-_]space[-_]size[= ](\d+)()`), 1 << 20},
	{"GOMEMLIMIT", regexp.MustCompile(`^GOMEMLIMIT=(\d+)((?:[KMGT]i)?B?)$`), 1},
}

func (h heap) bytes(number, unit string) int64 {
	n, err := strconv.ParseInt(number, 10, 62)
	if err != nil {
		return 0
	}
	factor := h.unit
	if unit != "" {
		switch unit[0] | 0x20 {
		case 'k':
			factor = 1 << 10
		case 'm':
			factor = 1 << 20
		case 'g':
			factor = 1 << 30
		case 't':
			factor = 1 << 40
		}
	}
	if n > (1<<62)/factor {
		return 1 << 62
	}
	return n * factor
}
