/** Of the Node that runs this: 24 of v24.1.0. */
export const nodeMajor = Number(process.versions.node.split(".")[0]);
