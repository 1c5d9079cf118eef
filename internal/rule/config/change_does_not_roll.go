package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// changeDoesNotRoll speaks of ConfigMaps and Secrets that are applied together with the workload, so that their authors change both.
// Certificates and tokens are renewed while the pod runs, which no annotation could follow.
var changeDoesNotRoll = &rule.Rule{
	ID:    "config-change-does-not-roll",
	Title: "a change of the configuration reaches no running pod",
	Why: "Applying a changed ConfigMap or Secret starts no rollout. Environment variables keep their old values until each pod happens to " +
		"restart; mounted files change after a minute or so, but most programs read them once. The change then arrives pod by pod, days later.",
	How: "Make the pod template change with the configuration: a checksum annotation (Helm), names with a hash (kustomize's " +
		"configMapGenerator), or Reloader.",
	Example:  "template:\n  metadata:\n    annotations:\n      checksum/config: 4c1b2f0e5d3a   # of the ConfigMap, written by the build\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Gathers: true, Incident: "config-never-rolled",
	Links: []string{
		"https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically",
		"https://helm.sh/docs/howto/charts_tips_and_tricks/#automatically-roll-deployments",
		"https://kubernetes.io/docs/tasks/manage-kubernetes-objects/kustomization/#generating-resources",
	},
	Workload: func(p *rule.Pass, w *cluster.Workload) {
		if !w.LongRunning() || w.Selector == nil || onDelete(w) || follows(w) {
			return
		}
		var mounted, env []string
		for r := range references(w) {
			if r.shape == inDriver {
				continue
			}
			o := p.Lookup(w.Object, "", r.kind, "", r.name)
			if o == nil || o.Scope != w.Scope || fixedForEver(o) {
				continue
			}
			name := r.kind + " " + r.name
			switch {
			case r.container != nil:
				env = append(env, name)
			case !readsItself(w, o):
				mounted = append(mounted, name)
			}
		}
		// The environment is the surer half: a program may look at its files again, but not at that.
		names, keeps := env, "the running pods keep the old environment"
		if len(env) == 0 {
			if names, keeps = mounted, "the files change, but a program that read them at its start does not look again"; reloads(w) {
				return
			}
		}
		slices.Sort(names)
		if names = slices.Compact(names); len(names) == 0 {
			return
		}
		what := names[0]
		if n := len(names) - 1; n > 0 {
			what += fmt.Sprintf(" (or of %d more)", n)
		}
		p.Report(w.Object, w.MetaPath+".annotations", "a change of %s starts no rollout: %s", what, keeps)
	},
}

func onDelete(w *cluster.Workload) bool {
	switch t := w.Typed.(type) {
	case *appsv1.DaemonSet:
		return t.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType
	case *appsv1.StatefulSet:
		return t.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType
	}
	return false
}

// follows reports whether the pod template carries something that changes with the configuration, or a controller watches it.
func follows(w *cluster.Workload) bool {
	for k := range w.Template.Annotations {
		if fingerprint(k) {
			return true
		}
	}
	for k := range w.Template.Labels {
		if k != "pod-template-hash" && fingerprint(k) {
			return true
		}
	}
	for k := range w.Annotations {
		if watched(k) {
			return true
		}
	}
	for k := range w.Template.Annotations {
		if watched(k) {
			return true
		}
	}
	for i := range w.Containers { // CONFIG_HASH: ...
		for k := range w.Containers[i].Env {
			if e := &w.Containers[i].Env[k]; e.ValueFrom == nil && fingerprint(strings.ToLower(e.Name)) {
				return true
			}
		}
	}
	return false
}

func fingerprint(key string) bool {
	for _, word := range [...]string{"checksum", "hash", "sha256", "sha1", "md5", "digest", "config-version", "config_version", "configVersion", "config-revision", "rollme"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return false
}

func watched(key string) bool {
	return strings.Contains(key, "reloader.stakater.com/") || key == "wave.pusher.com/update-on-config-change"
}

// reloads reports whether something in the pod watches mounted files: a container beside the application, or the application itself, by
// what its flags and variables say or because it is known to.
func reloads(w *cluster.Workload) bool {
	for c := range w.Main() {
		for _, word := range [...]string{"reload", "k8s-sidecar", "config-watcher", "kube-state-metrics"} {
			if strings.Contains(c.Image, word) {
				return true
			}
		}
		for _, list := range [...][]string{c.Command, c.Args} {
			if slices.ContainsFunc(list, watches) {
				return true
			}
		}
		for i := range c.Env {
			if e := &c.Env[i]; e.ValueFrom == nil && !isSwitchedOff(e.Value) && watches(e.Name) {
				return true
			}
		}
	}
	return false
}

// watches reports whether a flag, a script or the name of a variable speaks of watching the configuration: --watch-config,
// --enable-feature=auto-reload-config, inotifywait.
func watches(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "reload") && !strings.Contains(text, "reload=false") || strings.Contains(text, "inotify") ||
		strings.Contains(text, "watch") && strings.Contains(text, "config")
}

func isSwitchedOff(value string) bool {
	switch strings.ToLower(value) {
	case "", "0", "false", "no", "off":
		return true
	}
	return false
}

// readsItself reports whether a program sees a change of a mounted object without a restart: it is told the object's name, to watch it
// through the API, or what it reads tells it to look again.
func readsItself(w *cluster.Workload, o *cluster.Object) bool {
	for i := range w.Containers {
		for k := range w.Containers[i].Env {
			e := &w.Containers[i].Env[k]
			if name := strings.ToUpper(e.Name); e.Value == o.Name && (strings.Contains(name, "CONFIG") || strings.Contains(name, "SECRET")) {
				return true
			}
		}
	}
	if c := cluster.As[*corev1.ConfigMap](o); c != nil {
		for _, text := range c.Data {
			if looksAgain.MatchString(text) {
				return true
			}
		}
	}
	return false
}

// looksAgain finds the settings by which a program reads its file again: Log4j's monitorInterval, Logback's scan, the reload plugin of
// CoreDNS, the watch of Traefik's file provider.
var looksAgain = regexp.MustCompile(`(?m)monitorInterval\s*[=:"]|scan="true"|^\s*reload(\s+[0-9]|\s*$)|^\s*watch\s*[:=]\s*true`)

// fixedForEver reports whether a ConfigMap or Secret is not changed by its author while pods use it: a change gets another name, or
// a controller writes the content.
func fixedForEver(o *cluster.Object) bool {
	if hashed(o.Name) {
		return true
	}
	switch t := o.Typed.(type) {
	case *corev1.ConfigMap:
		return isTrue(t.Immutable) || len(t.Data)+len(t.BinaryData) == 0
	case *corev1.Secret:
		return isTrue(t.Immutable) || len(t.Data)+len(t.StringData) == 0 ||
			t.Type == corev1.SecretTypeServiceAccountToken || t.Type == corev1.SecretTypeTLS
	}
	return true
}

// hashed reports whether a name ends with a hash of the content or a version: app-config-5f7g2h9k4t, app-config-v3, app-20240131.
func hashed(name string) bool {
	i := strings.LastIndexAny(name, "-.")
	if i < 0 {
		return false
	}
	last := name[i+1:]
	if v, ok := strings.CutPrefix(last, "v"); ok && digits(v) {
		return true
	}
	return len(last) >= 8 && strings.ContainsAny(last, "0123456789") && strings.Trim(last, "0123456789bcdfghkmtae") == ""
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
