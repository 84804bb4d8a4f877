var e="peer-default";export{e as a};
