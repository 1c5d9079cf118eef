package state

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// databases are where the official images of databases keep their data (their pages on hub.docker.com, VOLUME in their Dockerfiles). Stores that are
// often used as caches, such as Redis, are left out.
var databases = map[string][]string{
	"postgres":      {"/var/lib/postgresql"},
	"postgis":       {"/var/lib/postgresql"},
	"timescaledb":   {"/var/lib/postgresql"},
	"mysql":         {"/var/lib/mysql"},
	"mariadb":       {"/var/lib/mysql"},
	"mongo":         {"/data/db"},
	"couchdb":       {"/opt/couchdb/data"},
	"cassandra":     {"/var/lib/cassandra"},
	"neo4j":         {"/data"},
	"influxdb":      {"/var/lib/influxdb", "/var/lib/influxdb2"},
	"elasticsearch": {"/usr/share/elasticsearch/data"},
}

// databaseWithoutClaim speaks of data that lies in an emptyDir or in the container's own layer. It is silent where the container has any volume that
// stays, wherever it is mounted, as the data's folder may be set; and of Bitnami's images, which have other folders.
var databaseWithoutClaim = &rule.Rule{
	ID:    "database-without-claim",
	Title: "a database keeps its data in the pod",
	Why: "An emptyDir survives a restart of the container and nothing else: a drain, an eviction, a rollout or a node that is lost starts the database empty. " +
		"Without a volume even a restart of the container does.",
	How:      "Mount a PersistentVolumeClaim at the data's folder, in a StatefulSet, or use a database that somebody else runs. Where the data may be lost, allow this rule with the reason.",
	Example:  "kind: StatefulSet\nspec:\n  volumeClaimTemplates:\n    - metadata: {name: data}\n      spec: {accessModes: [ReadWriteOncePod], resources: {requests: {storage: 20Gi}}}\n",
	Severity: finding.Could, Profile: rule.Strict, Since: "0.1.0", Incident: "pod-is-a-vm",
	Links: []string{linkVolumes + "#emptydir"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		if c.Init || c.Image == "" || !w.LongRunning() || strings.Contains(c.Image, "bitnami") {
			return
		}
		folders := databases[imageName(c.Image)]
		if folders == nil || len(c.Command) > 0 && !strings.Contains(c.Command[0], imageName(c.Image)) && !strings.Contains(c.Command[0], "entrypoint") {
			return // the image's tools, such as pg_dump in a loop
		}
		where := "the container's own file system"
		for i := range c.VolumeMounts {
			m := &c.VolumeMounts[i]
			switch v := volume(w, m.Name); {
			case v == nil: // a claim of the StatefulSet's own
				return
			case v.ConfigMap != nil || v.Secret != nil || v.Projected != nil || v.DownwardAPI != nil:
			case v.EmptyDir == nil || claimed(w, m.Name):
				return
			case slices.ContainsFunc(folders, func(f string) bool { return within(path.Clean(m.MountPath), f) || within(f, path.Clean(m.MountPath)) }):
				where = "emptyDir " + m.Name
			}
		}
		p.Report(w.Object, c.Path+".volumeMounts", "container %s keeps the data of %s in %s, and loses it with the pod", c.Name, imageName(c.Image), where)
	},
}

// imageName is the last part of an image's name: postgres of docker.io/library/postgres:16.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name := image[strings.LastIndexByte(image, '/')+1:]
	name, _, _ = strings.Cut(name, ":")
	return name
}

// volume returns a volume of the pod, nil when the pod's own list does not have it.
func volume(w *cluster.Workload, name string) *corev1.Volume {
	for i := range w.Template.Spec.Volumes {
		if v := &w.Template.Spec.Volumes[i]; v.Name == name {
			return v
		}
	}
	return nil
}

// within reports whether a path is a folder or below it.
func within(at, folder string) bool {
	return at == folder || strings.HasPrefix(at, strings.TrimSuffix(folder, "/")+"/")
}
