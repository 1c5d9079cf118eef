// Package probeverify proves on a real Kubernetes and a real Linux what fairway probe verify does there: a pod is asked through the API
// server as on the machine, and CPU is taken away as a limit takes it.
package probeverify
