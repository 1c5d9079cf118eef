package report

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/finding"
)

// Count writes n with thousands separators and the right form of a noun: "1 file", "1,403 objects".
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Thousands(n) + " " + many
}

// Thousands writes n with a comma between groups of three digits.
func Thousands(n int) string {
	s := strconv.Itoa(n)
	digits := s
	if n < 0 {
		digits = s[1:]
	}
	var b strings.Builder
	b.WriteString(s[:len(s)-len(digits)])
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// seconds writes a duration as people say it: 0.08 s, 12.4 s.
func seconds(d time.Duration) string {
	decimals := 2
	if d >= 10*time.Second {
		decimals = 1
	}
	return strconv.FormatFloat(d.Seconds(), 'f', decimals, 64) + " s"
}

// shortKinds are kubectl's short names (kubectl api-resources) of kinds that people call by them.
var shortKinds = map[string]string{
	"ConfigMap": "cm", "CronJob": "cronjob", "CustomResourceDefinition": "crd", "DaemonSet": "ds", "Deployment": "deploy",
	"HorizontalPodAutoscaler": "hpa", "Ingress": "ing", "Namespace": "ns", "NetworkPolicy": "netpol",
	"PersistentVolume": "pv", "PersistentVolumeClaim": "pvc", "PodDisruptionBudget": "pdb", "ReplicaSet": "rs",
	"ReplicationController": "rc", "Service": "svc", "ServiceAccount": "sa", "StatefulSet": "sts",
}

// Label names an object as kubectl would take it, its namespace first when it has one: shop/deploy/checkout. It is clean.
func Label(r finding.Ref) string {
	kind, ok := shortKinds[r.Kind]
	if !ok {
		kind = strings.ToLower(r.Kind)
	}
	s := kind + "/" + cmp.Or(r.Name, "(unnamed)") // generateName leaves the name to the API server
	if r.Namespace != "" {
		s = r.Namespace + "/" + s
	}
	return Clean(s)
}

// about returns what is known of a rule, its texts fit to be shown: one line each, without anything that a terminal would obey. An
// organisation's own rules have texts of their own.
func about(r *finding.Report, id string) finding.RuleInfo {
	info := r.About(id)
	for _, s := range []*string{&info.Title, &info.Why, &info.How, &info.Incident, &info.IncidentSummary} {
		*s = Clean(strings.Join(strings.Fields(*s), " "))
	}
	return info
}

// skipWords are the names of reasons for skipping that read badly as they are: for one thing, and for many.
var skipWords = map[string][2]string{
	"client-config":   {"client configuration", "client configurations"},
	"duplicate":       {"duplicate", "duplicates"},
	"forbidden":       {"kind that may not be listed", "kinds that may not be listed"},
	"helm-chart":      {"Helm chart", "Helm charts"},
	"helm-template":   {"Helm template", "Helm templates"},
	"ignored-folder":  {"ignored folder", "ignored folders"},
	"kustomization":   {"kustomization without a build", "kustomizations without a build"},
	"kustomize-patch": {"kustomize patch", "kustomize patches"},
	"not-kubernetes":  {"not Kubernetes", "not Kubernetes"},
	"remote-resource": {"remote resource", "remote resources"},
}

// reasonWords makes words of a reason's name.
func reasonWords(reason string, n int) string {
	if words, ok := skipWords[reason]; ok {
		if n == 1 {
			return words[0]
		}
		return words[1]
	}
	return strings.ReplaceAll(Clean(reason), "-", " ")
}
