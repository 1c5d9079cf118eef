package security

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/rule"
)

// sshPort leaves those alone whose purpose is to speak SSH: Git servers, SFTP and jump hosts.
var sshPort = &rule.Rule{
	ID:    "ssh-port",
	Title: "a container runs an SSH server",
	Why: "A pod is not a machine to log in to: changes made by hand are lost with the next restart, and the login has keys and " +
		"passwords that no RBAC knows and no audit log shows.",
	How:      "Remove the SSH server and its port; kubectl exec and kubectl debug give a shell under RBAC.",
	Severity: finding.Should, Profile: rule.Golden, Since: "0.1.0", Incident: "pod-is-a-vm",
	Links: []string{"https://kubernetes.io/docs/tasks/debug/debug-application/debug-running-pod/"},
	Gate: &rule.Gate{Container: "c.?ports.orValue([]).exists(p, p.containerPort == 22) &&\n" +
		"![object.metadata.?name.orValue(''), c.name, c.image].exists(n, n.matches('" + strings.Join(sshWords, "|") + "'))"},
	Container: func(p *rule.Pass, w *cluster.Workload, c *cluster.Container) {
		for i := range c.Ports {
			if c.Ports[i].ContainerPort == 22 && !speaksSSH(w.Name) && !speaksSSH(c.Name) && !speaksSSH(c.Image) {
				p.Report(w.Object, c.Path+".ports["+strconv.Itoa(i)+"].containerPort", "port 22 of container %s is SSH: a login beside RBAC and the audit log", c.Name)
			}
		}
	},
}

func speaksSSH(name string) bool {
	return slices.ContainsFunc(sshWords, func(word string) bool { return strings.Contains(name, word) })
}

var sshWords = []string{"git", "gogs", "gerrit", "bitbucket", "forgejo", "ssh", "sftp", "bastion", "jump"}
