// Package component holds the programs of a Kubernetes cluster (etcd, kube-apiserver, kube-controller-manager, kube-scheduler,
// kubelet, kube-proxy, kubectl, coredns) as functions, so that one binary is all of them and they are linked once.
package component
