console.log(`built on ${process.arch}`);
