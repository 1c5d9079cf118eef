package config

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// subPathNeverRefreshes leaves out init containers and Jobs, which read their files once, and configuration whose change gets
// another name. A checksum annotation does not silence it: what rotates while the pod runs, or is edited in the cluster, still never
// arrives. There is no fix: mounting the whole directory hides what the image has there.
var subPathNeverRefreshes = &rule.Rule{
	ID:    "subpath-never-refreshes",
	Title: "a file mounted by subPath never follows its ConfigMap or Secret",
	Why: "The kubelet updates a mounted ConfigMap, Secret or token by swapping a link in the directory. A subPath mount is bound to the " +
		"file as it was when the container started, so a changed value or a renewed credential never arrives.",
	How: "Mount the volume as a directory of its own and point the program at it, for example /etc/shop/features instead of " +
		"/etc/features by subPath.",
	Example:  "volumeMounts:\n  - name: config\n    mountPath: /etc/shop   # the whole volume, no subPath\n    readOnly: true\n",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "config-never-rolled",
	Links: []string{"https://kubernetes.io/docs/concepts/configuration/configmap/#mounted-configmaps-are-updated-automatically", "https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.Init && !c.Sidecar || !w.LongRunning() {
			return
		}
		for i := range c.VolumeMounts {
			m := &c.VolumeMounts[i]
			field, sub := ".subPath", m.SubPath
			if sub == "" {
				field, sub = ".subPathExpr", m.SubPathExpr
			}
			if sub == "" {
				continue
			}
			if what := refreshed(p, w, m.Name); what != "" {
				p.Report(w.Object, c.Path+".volumeMounts["+strconv.Itoa(i)+"]"+field, "%s is mounted by subPath at %s: it stays as it was when the container started", what, m.MountPath)
			}
		}
	},
}

// refreshed says what of a volume the kubelet would keep up to date, "" when nothing.
func refreshed(p *rule.Pass, w *cluster.Workload, volume string) string {
	for i := range w.Template.Spec.Volumes {
		v := &w.Template.Spec.Volumes[i]
		if v.Name != volume {
			continue
		}
		switch {
		case v.ConfigMap != nil:
			return changing(p, w, "ConfigMap", v.ConfigMap.Name)
		case v.Secret != nil:
			return changing(p, w, "Secret", v.Secret.SecretName)
		case v.DownwardAPI != nil:
			return "the downward API's file"
		case v.Projected != nil:
			return refreshedSource(p, w, v.Projected)
		}
		return ""
	}
	return ""
}

func refreshedSource(p *rule.Pass, w *cluster.Workload, v *corev1.ProjectedVolumeSource) string {
	what := ""
	for k := range v.Sources {
		switch s := &v.Sources[k]; {
		case s.ServiceAccountToken != nil:
			return "a token that the kubelet renews"
		case s.DownwardAPI != nil:
			what = "the downward API's file"
		case s.ConfigMap != nil && what == "":
			what = changing(p, w, "ConfigMap", s.ConfigMap.Name)
		case s.Secret != nil && what == "":
			what = changing(p, w, "Secret", s.Secret.Name)
		}
	}
	return what
}

func changing(p *rule.Pass, w *cluster.Workload, kind, name string) string {
	if hashed(name) {
		return ""
	}
	switch t := typed(p.Lookup(w.Object, "", kind, "", name)).(type) {
	case *corev1.ConfigMap:
		if isTrue(t.Immutable) {
			return ""
		}
	case *corev1.Secret:
		if isTrue(t.Immutable) {
			return ""
		}
	}
	return kind + " " + name
}

func typed(o *cluster.Object) any {
	if o == nil {
		return nil
	}
	return o.Typed
}
