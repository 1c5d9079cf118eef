// Package dump keeps what a cluster held at one moment in one archive, and reads such archives, and those of other tools.
//
// # Layout, version 1
//
// A tar file, compressed with gzip, of one folder. Its bytes follow from what was in the cluster: the same state gives the same archive.
//
//	fairway-dump/manifest.json                  first: what was asked for, what was listed and what was not (Manifest)
//	fairway-dump/objects/NAMESPACE/KIND.json    a List of objects, as they were written (package listing); kinds of other groups than the
//	                                            core one are KIND.GROUP.json, and objects without a namespace are in _cluster
//	fairway-dump/records/pods.json              one record a line (cluster.Pod), in a JSON array; so do replicasets.json, jobs.json,
//	                                            secrets.json and nodes.json
//	fairway-dump/events/NAMESPACE.json          an EventList, with --events
//	fairway-dump/logs/NAMESPACE/POD/CONTAINER.log           the end of a log, with --logs
//	fairway-dump/logs/NAMESPACE/POD/CONTAINER.previous.log  and that of the run before
//
// Files that nothing is known of are passed over, so that version 1 can grow; what an older program must not misread raises the version.
// The archive has no values of Secrets: their keys, types, sizes and the dates of their certificates are in secrets.json. It has
// the values of ConfigMaps, environment variables, and whatever programs wrote to their logs.
//
// # Other layouts
//
// Folders and archives of kubectl cluster-info dump --output-directory (JSON or YAML), OpenShift's must-gather (oc adm inspect) and the
// support bundles of troubleshoot.sh are read as far as they hold objects. What was listed is taken from the files that are there;
// everything else counts as never asked for.
//
// # Bad archives
//
// Nothing is ever unpacked to disk. Entries whose names lead out of the archive and links that do are refused, as is what grows beyond
// reason when it is read.
package dump
